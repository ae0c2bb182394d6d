#include "ipc/put_back.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/files.hpp"

namespace steady::ipc {
namespace {

/// The head of a frame, as steady_frame of the plugin contract.
struct FrameHead {
  std::uint32_t length;
  std::uint32_t sequence_low;
};

constexpr std::uint64_t frame_bytes(std::uint64_t length) { return (sizeof(FrameHead) + length + 7) / 8 * 8; }


Result<UniqueFd> open_segment(const std::string& path, int flags) { return open_file(path, flags | O_NOFOLLOW); }

Result<OutputEnd> open_output(const DormantActor::Output& output) {
  auto ring = open_segment(output.ring, O_RDWR);
  if (!ring) return tl::unexpected(std::move(ring.error()));
  std::vector<UniqueFd> owned;
  std::vector<OutputEnd::ReaderFds> readers;
  for (std::size_t i = 0; i < output.readers.size(); ++i) {
    auto page = open_segment(output.readers[i], O_RDONLY);
    if (!page) return tl::unexpected(std::move(page.error()));
    auto bell = open_segment(output.bells[i], O_RDWR);
    if (!bell) return tl::unexpected(std::move(bell.error()));
    readers.push_back({page->get(), bell->get()});
    owned.push_back(std::move(*page));
    owned.push_back(std::move(*bell));
  }
  auto end = OutputEnd::create(ring->get(), readers);
  if (!end) return fail(std::move(end.error()), "channel " + output.channel);
  return end;
}

Result<InputEnd> open_input(const DormantActor::Input& input) {
  auto ring = open_segment(input.ring, O_RDONLY);
  if (!ring) return tl::unexpected(std::move(ring.error()));
  auto reader = open_segment(input.reader, O_RDWR);
  if (!reader) return tl::unexpected(std::move(reader.error()));
  auto bell = open_segment(input.producer_bell, O_RDWR);
  if (!bell) return tl::unexpected(std::move(bell.error()));
  auto end = InputEnd::create(ring->get(), reader->get(), bell->get());
  if (!end) return fail(std::move(end.error()), input.ring);
  return end;
}

}  // namespace

bool put_back(ActorWords& words, std::span<OutputEnd* const> all_outputs, OutputEnd& end, std::string_view payload,
              std::uint64_t ticket, FenceMode fence) {
  const bool frame = end.message_bytes() == 0;
  const std::uint64_t bytes = frame ? frame_bytes(payload.size()) : payload.size();
  if (!end.fits(bytes) && (!end.refresh() || !end.fits(bytes))) return false;
  count_up(words.process.begun);
  const Position at = end.position();
  unsigned char* to = end.begin();
  if (frame) {
    const FrameHead head{static_cast<std::uint32_t>(payload.size()), static_cast<std::uint32_t>(at.messages)};
    std::memcpy(to, &head, sizeof head);
    to += sizeof head;
  }
  std::memcpy(to, payload.data(), payload.size());
  const Moved<OutputEnd> moved{&end, {at.bytes + bytes, at.messages + 1}};
  Changes changes;
  changes.outputs = {&moved, 1};
  changes.replay = ticket;
  commit(words, changes, all_outputs, fence, NoHook{});
  count_up(words.process.returned);
  return true;
}

Result<std::unique_ptr<DormantActor>> DormantActor::wake(const std::string& segment, const std::vector<Input>& inputs,
                                                         const std::vector<Output>& outputs) {
  std::unique_ptr<DormantActor> made(new DormantActor);
  auto fd = open_segment(segment, O_RDWR);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  auto mapping = map_segment(fd->get(), SegmentKind::Actor, Access::ReadWrite);
  if (!mapping) return fail(std::move(mapping.error()), segment);
  made->segment_ = std::move(*mapping);
  made->words_ = made->segment_.at<ActorWords>(kActorWordsOffset);
  std::vector<InputEnd*> input_ends;
  for (const Input& input : inputs) {
    auto end = open_input(input);
    if (!end) return tl::unexpected(std::move(end.error()));
    made->inputs_.push_back(std::make_unique<InputEnd>(std::move(*end)));
    input_ends.push_back(made->inputs_.back().get());
  }
  for (const Output& output : outputs) {
    auto end = open_output(output);
    if (!end) return tl::unexpected(std::move(end.error()));
    made->channels_.push_back(output.channel);
    if (output.window_bytes != 0) end->set_window(output.window_bytes);
    made->outputs_.push_back(std::make_unique<OutputEnd>(std::move(*end)));
    made->output_ends_.push_back(made->outputs_.back().get());
  }
  if (auto repaired = repair(*made->words_, input_ends, made->output_ends_); !repaired)
    return fail(std::move(repaired.error()), segment);
  return made;
}

DormantActor::Outcome DormantActor::put(const std::string& channel, std::string_view payload, std::uint64_t ticket,
                                        FenceMode fence) {
  if (ticket <= words_->last_replay.load(std::memory_order_relaxed)) return Outcome::Done;
  const auto found = std::ranges::find(channels_, channel);
  if (found == channels_.end()) return Outcome::Unfit;
  OutputEnd& end = *output_ends_[static_cast<std::size_t>(found - channels_.begin())];
  const bool fits = end.message_bytes() != 0 ? payload.size() == end.message_bytes()
                                             : frame_bytes(payload.size()) <= end.capacity_bytes();
  if (!fits || end.is_closed()) return Outcome::Unfit;
  return put_back(*words_, output_ends_, end, payload, ticket, fence) ? Outcome::Done : Outcome::NoRoom;
}

}  // namespace steady::ipc
