// The last hour of one quantity at two resolutions, for charts. In memory only. Plain values; pure.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace steady::runtime {

/// Fed once a second, also when there was nothing to measure.
class History {
 public:
  static constexpr unsigned kFineSeconds = 1;
  static constexpr unsigned kCoarseSeconds = 20;
  static constexpr std::size_t kPoints = 180;  ///< three minutes, and an hour

  History() {
    fine_.fill(NAN);
    coarse_.fill(NAN);
  }

  /// NaN: nothing was measured.
  void add(double value);

  /// Oldest first, always kPoints; NaN where nothing was measured.
  [[nodiscard]] std::vector<float> fine() const { return in_order(fine_, seconds_ % kPoints); }
  /// The last point is of the seconds that have not filled one yet.
  [[nodiscard]] std::vector<float> coarse() const;

 private:
  using Points = std::array<float, kPoints>;
  [[nodiscard]] static std::vector<float> in_order(const Points& points, std::size_t oldest);

  Points fine_;
  Points coarse_;             ///< means of kCoarseSeconds
  std::uint32_t seconds_ = 0; ///< added so far; wraps after a century
  std::uint32_t measured_ = 0;  ///< values in the coarse point that is being filled
  double sum_ = 0;
};

}  // namespace steady::runtime
