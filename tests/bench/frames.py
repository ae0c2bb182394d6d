"""Frames from one worker to another, beside memcpy of the same bytes between two cores: through a bare ring, one memcpy in,
and read in place. steadyd does the same, one copy in and no copy out, and adds a head of 8 bytes to each frame."""
import flow
import ratio

RING_BYTES = 1 << 20
COMMIT_BYTES = 1 << 16  # so much between two commits, on both sides
LENGTHS = [100, 1024, 65536]


def graph(length, batch):
    return flow.stream(f"type: frame_source, params: {{bytes: {length}, batch: {batch}}}",
                       f"type: frame_sink, params: {{bytes: {length}}}", "frames", batch, capacity=RING_BYTES)


def main():
    chosen = ratio.arguments(__doc__, "one length, one short round")
    rounds, seconds = (1, 0.1) if chosen.quick else (5, 1)
    ratio.title(f"frames: {rounds} rounds of {seconds} s in turn")
    for length in LENGTHS[:1] if chosen.quick else LENGTHS:
        batch = COMMIT_BYTES // length
        bare, ours = ratio.in_turn(rounds, lambda: flow.bare("bare_stream", "frames", length, batch, RING_BYTES, seconds)[0],
                                   lambda: flow.rate_of(graph(length, batch), seconds))
        gigabytes = [[rate * length / 1e9 for rate in rates] for rates in (bare, ours)]
        ratio.compare(chosen, f"frames of {length} B", "GB/s", ("memcpy into a bare ring", gigabytes[0]),
                      ("steadyd, two workers", gigabytes[1]), ratio.at_least(0.8), digits=2)
    ratio.write_json(chosen)


main()
