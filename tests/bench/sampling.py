"""What measuring costs: the FizzBuzz trio with `sampling: true` beside the same with `false`. Both are measured in turn,
several times, in one run; the ratio should be 0.99 or more, as far as the machine is calm enough to tell."""
import ratio
import trio


def main():
    chosen = ratio.arguments(__doc__, "one short round")
    rounds, seconds = (1, 0.5) if chosen.quick else (20, 1.5)
    without, measured = ratio.in_turn(rounds, lambda: trio.trio_rate(seconds, "sampling: false"),
                                      lambda: trio.trio_rate(seconds, "sampling: true"))
    ratios = ratio.ratios(measured, without)
    columns = ("median", "min", "max")
    ratio.table(f"{rounds} rounds of {seconds} s in turn; million numbers per second", columns,
                [("trio that is not measured", trio.millions(without)), ("trio as shipped", trio.millions(measured))])
    ratio.line("ratio", [ratio.COLUMNS[column](ratios) for column in columns], digits=3)
    ratio.write_json(chosen, without=without, measured=measured, ratio=ratios)


main()
