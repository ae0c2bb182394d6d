// Real segments in a directory of their own, for tests of the data path: the same files and ends as in a worker.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>

#include <cstring>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "ipc/bell.hpp"
#include "ipc/commit.hpp"
#include "ipc/ring.hpp"
#include "ipc/segments.hpp"
#include "support/memory_directory.hpp"

namespace steady::test {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}
inline void must(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message);
}

/// What a test works with: channels and actors by name, each end mapped as often as it likes, as by a new generation.
class IpcBench {
 public:
  IpcBench() { must(segments.prepare()); }

  void add_channel(const std::string& name, const ipc::RingSpec& spec,
                   const std::vector<std::string>& readers = {"in"}) {
    must(segments.ensure_channel(name, spec, readers));
    for (const std::string& bell : readers) must(segments.ensure_bell(bell));
    must(segments.ensure_bell(name));  // the producer's
  }
  [[nodiscard]] ipc::OutputEnd output(const std::string& channel,
                                      const std::vector<std::string>& readers = {"in"}) const {
    const UniqueFd ring = open(segments.ring_path(channel), O_RDWR);
    std::vector<UniqueFd> owned;
    std::vector<ipc::OutputEnd::ReaderFds> fds;
    for (const std::string& reader : readers) {
      owned.push_back(open(segments.reader_path(channel, reader), O_RDONLY));
      owned.push_back(open(segments.bell_path(reader), O_RDWR));
      fds.push_back({owned[owned.size() - 2].get(), owned.back().get()});
    }
    return must(ipc::OutputEnd::create(ring.get(), fds));
  }
  [[nodiscard]] ipc::InputEnd input(const std::string& channel, const std::string& reader = "in") const {
    const UniqueFd ring = open(segments.ring_path(channel), O_RDONLY);
    const UniqueFd page = open(segments.reader_path(channel, reader), O_RDWR);
    const UniqueFd bell = open(segments.bell_path(channel), O_RDWR);
    return must(ipc::InputEnd::create(ring.get(), page.get(), bell.get()));
  }
  [[nodiscard]] ipc::Bell bell(const std::string& name) const {
    return must(ipc::Bell::create(open(segments.bell_path(name), O_RDWR).get()));
  }
  /// The whole actor segment, as the worker maps it.
  [[nodiscard]] ipc::Mapping actor(const std::string& name) const {
    return must(ipc::map_segment(open(segments.actor_path(name), O_RDWR).get(), ipc::SegmentKind::Actor,
                                 ipc::Access::ReadWrite));
  }
  /// A page of a segment, writable: what a broken or hostile peer could do to it.
  template <class Page>
  void spoil(const std::string& path, const std::function<void(Page&)>& change) const {
    const UniqueFd fd = open(path, O_RDWR);
    void* const address = ::mmap(nullptr, ipc::kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    const ipc::Mapping mapping(address, ipc::kPage);
    change(*mapping.at<Page>(0));
  }
  [[nodiscard]] static UniqueFd open(const std::string& path, int flags) { return must(open_file(path, flags)); }

  MemoryDirectory directory;
  ipc::Segments segments{directory.path() + "/segments"};
};

/// Writes one 64-bit message per number and returns where the output then stands.
inline ipc::Position write_numbers(ipc::OutputEnd& output, std::span<const std::uint64_t> numbers) {
  std::memcpy(output.begin(), numbers.data(), numbers.size_bytes());
  return {output.position().bytes + numbers.size_bytes(), output.position().messages + numbers.size()};
}

/// The 64-bit messages that wait, after a refresh().
inline std::vector<std::uint64_t> read_numbers(const ipc::InputEnd& input) {
  std::vector<std::uint64_t> numbers(input.available_messages());
  if (!numbers.empty()) std::memcpy(numbers.data(), input.begin(), numbers.size() * 8);
  return numbers;
}

}  // namespace steady::test
