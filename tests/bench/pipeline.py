"""Generator, xor and auditor in three workers, each with a state that changes in every step, beside the bare transaction:
the same three on bare rings, with the same commit."""
import flow
import ratio

BATCHES = [1, 64, 4096]
NUMBERS = (1 << 20) // 8  # in each ring, here and there


def graph(batch):
    bound = f"inputs: {{numbers: {{max: {batch}}}}}"
    return flow.graph({"generator": f"plugin: stream, type: generator, params: {{batch: {batch}}}",
                       "xor": f"plugin: stream, type: xor, {bound}",
                       "auditor": f"plugin: stream, type: auditor, {bound}"},
                      [f"{{from: generator.numbers, to: xor.numbers, capacity: {NUMBERS}}}",
                       f"{{from: xor.changed, to: auditor.numbers, capacity: {NUMBERS}}}"])


def main():
    chosen = ratio.arguments(__doc__, "one batch size, one short round")
    rounds, seconds = (1, 0.1) if chosen.quick else (5, 2)
    ratio.title(f"pipeline: {rounds} rounds of {seconds} s in turn")
    for batch in BATCHES[1:2] if chosen.quick else BATCHES:
        bare, ours = ratio.in_turn(rounds, lambda: flow.bare("bare_transaction", batch, seconds)[0],
                                   lambda: flow.rate_of(graph(batch), seconds, ["auditor"]))
        ratio.compare(chosen, f"pipeline, batch {batch}", "M/s", ("bare transaction", flow.millions(bare)),
                      ("steadyd, three workers", flow.millions(ours)), ratio.at_least(0.8))
    ratio.write_json(chosen)


main()
