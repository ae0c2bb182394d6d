"""What the shape of a graph costs: messages that all actors together take per second, beside one channel of the same
messages. Written down, to see that there is no cliff."""
import flow
import ratio

BATCH = 64
SOURCE = f"plugin: stream, type: source_8, params: {{batch: {BATCH}}}"
SINK = "plugin: stream, type: sink_8"
CAPACITY = (1 << 20) // 8


def channel(start, *ends):
    return f"{{from: {start}, to: [{', '.join(ends)}], capacity: {CAPACITY}}}"


def one():
    return flow.graph({"source": SOURCE, "sink": SINK}, [channel("source.items", "sink.items")])


def fan_out(readers):
    names = [f"sink_{number}" for number in range(readers)]
    return flow.graph({"source": SOURCE} | dict.fromkeys(names, SINK),
                      [channel("source.items", *(f"{name}.items" for name in names))])


def fan_in(writers):
    names = [f"source_{number}" for number in range(writers)]
    return flow.graph(dict.fromkeys(names, SOURCE) | {"gather": "plugin: stream, type: gather"},
                      [channel(f"{name}.items", "gather.items") for name in names])


def chain(length, settings=""):
    """A source, actors that pass on, and a sink; `settings` of each."""
    names = [f"actor_{number}" for number in range(length)]
    actors = dict.fromkeys(names, f"plugin: stream, type: pass{settings}")
    actors |= {names[0]: SOURCE + settings, names[-1]: SINK + settings}
    outputs = [f"{names[0]}.items", *(f"{name}.passed" for name in names[1:-1])]
    return flow.graph(actors, [channel(output, f"{name}.items") for output, name in zip(outputs, names[1:])])


SHAPES = [("fan-out to 4 readers", fan_out(4)), ("fan-in of 4 writers", fan_in(4)),
          ("a chain of 16 in 16 workers", chain(16)), ("a chain of 16 in one worker", chain(16, ", worker: one")),
          ("a chain of 16 on one thread", chain(16, ", worker: one, thread: one"))]


def main():
    chosen = ratio.arguments(__doc__, "one short round")
    rounds, seconds = (1, 0.05) if chosen.quick else (5, 1)
    ratio.title(f"shape: {rounds} rounds of {seconds} s in turn")
    single, *shaped = ratio.in_turn(rounds, lambda: flow.rate_of(one(), seconds),
                                    *[lambda yaml=yaml: flow.rate_of(yaml, seconds) for _, yaml in SHAPES])
    for (name, _), rates in zip(SHAPES, shaped):
        ratio.compare(chosen, f"shape, {name}", "M/s in all", ("one channel", flow.millions(single)),
                      ("steadyd", flow.millions(rates)))
    ratio.write_json(chosen)


main()
