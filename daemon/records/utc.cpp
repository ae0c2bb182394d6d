#include "records/utc.hpp"

#include <fmt/format.h>

#include <chrono>

namespace steady::records {

std::string utc_text(std::int64_t unix_ns) {
  using namespace std::chrono;
  const auto moment = floor<milliseconds>(sys_time<nanoseconds>(nanoseconds(unix_ns)));
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss clock(moment - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace steady::records
