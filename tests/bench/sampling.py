"""What measuring costs: the FizzBuzz trio with `sampling: true` beside the same with `false`. Both are measured in turn,
several times, in one run; the ratio should be 0.99 or more, as far as the machine is calm enough to tell."""
import flow
import ratio
import trio


def main():
    chosen = ratio.arguments(__doc__, "one short round")
    rounds, seconds = (1, 0.5) if chosen.quick else (20, 1.5)
    without, measured = ratio.in_turn(rounds, lambda: trio.trio_rate(seconds, "sampling: false"),
                                      lambda: trio.trio_rate(seconds, "sampling: true"))
    ratio.title(f"sampling: {rounds} rounds of {seconds} s in turn")
    ratio.compare(chosen, "FizzBuzz trio, telemetry on", "M/s", ("not measured", flow.millions(without)),
                  ("as shipped", flow.millions(measured)), ratio.at_least(0.99))
    ratio.write_json(chosen, without=without, measured=measured)


main()
