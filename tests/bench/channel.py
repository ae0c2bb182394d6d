"""One channel between two workers, beside a bare ring of the same size between two processes: small and large messages in
batches of one to many. Each message is written in place by the one and summed in place by the other; each batch is one
commit on both sides."""
import flow
import ratio

RING_BYTES = 1 << 20  # where larger rings stop to be faster
LARGE_RING_BYTES = 8 << 20  # has room for two of the largest batches
CASES = [(8, 1), (8, 64), (8, 1024), (8, 65536), (64, 1), (64, 64), (64, 1024), (64, 65536)]
QUICK_CASES = [(8, 64), (64, 65536)]


def ring_bytes(message_bytes, batch):
    return RING_BYTES if 2 * batch * message_bytes <= RING_BYTES else LARGE_RING_BYTES


def graph(message_bytes, batch):
    return flow.stream(f"type: source_{message_bytes}, params: {{batch: {batch}}}", f"type: sink_{message_bytes}",
                       "items", batch, capacity=ring_bytes(message_bytes, batch) // message_bytes)


def main():
    chosen = ratio.arguments(__doc__, "two cases, one short round")
    rounds, seconds = (1, 0.1) if chosen.quick else (5, 1)
    ratio.title(f"channel: {rounds} rounds of {seconds} s in turn")
    for message_bytes, batch in QUICK_CASES if chosen.quick else CASES:
        bare, ours = ratio.in_turn(
            rounds,
            lambda: flow.bare("bare_stream", "messages", message_bytes, batch, ring_bytes(message_bytes, batch), seconds)[0],
            lambda: flow.rate_of(graph(message_bytes, batch), seconds))
        ratio.compare(chosen, f"channel, {message_bytes} B, batch {batch}", "M/s", ("bare ring", flow.millions(bare)),
                      ("steadyd, two workers", flow.millions(ours)), ratio.at_least(0.9 if batch >= 64 else 0.5))
    ratio.write_json(chosen)


main()
