#!/usr/bin/env escript
%%! +S 2
%% Two Erlang processes in one virtual machine with two schedulers. Best practice: compiled, letters as binaries of 64
%% bytes (copied into the receiver's heap), and credit, for a mailbox has no bound: at most 4096 letters are under way.
%%   processes.escript flow|roundtrip SECONDS   prints letters per second, or the median round trip in nanoseconds
-mode(compile).

-define(WINDOW, 4096).
-define(WARM_UP, 300_000_000).  % nanoseconds

main([Mode, Seconds]) ->
    Time = round(seconds(Seconds) * 1.0e9),
    Self = self(),
    case Mode of
        "flow" ->
            Consumer = spawn_link(fun() -> consume(now_ns() + ?WARM_UP, Time, Self) end),
            spawn_link(fun() -> produce(Consumer, 0, ?WINDOW) end);
        "roundtrip" ->
            Answerer = spawn_link(fun answer/0),
            spawn_link(fun() -> ask(Answerer, 0, now_ns() + ?WARM_UP + Time, [], Self) end)
    end,
    receive {figure, Figure} -> io:format("~b~n", [round(Figure)]) end,
    halt(0);
main(_) ->
    io:format(standard_error, "usage: processes.escript flow|roundtrip SECONDS~n", []),
    halt(2).

seconds(Text) ->
    case string:to_float(Text) of
        {error, no_float} -> list_to_integer(Text);
        {Seconds, _} -> Seconds
    end.

now_ns() -> erlang:monotonic_time(nanosecond).

letter(N) -> <<N:64, N:64, N:64, N:64, N:64, N:64, N:64, N:64>>.

produce(Consumer, Number, 0) ->
    receive {credit, Credit} -> produce(Consumer, Number, Credit) end;
produce(Consumer, Number, Credit) ->
    Consumer ! {self(), letter(Number)},
    produce(Consumer, Number + 1, Credit - 1).

consume(Begin, Time, Told) -> consume(0, 0, {warming, Begin}, Time, Told).

%% Looks at the clock once per half a window.
consume(Next, ?WINDOW div 2, Phase, Time, Told) ->
    case {Phase, now_ns()} of
        {{warming, Begin}, Now} when Now >= Begin -> consume(Next, 0, {counting, Now, Next}, Time, Told);
        {{counting, Begin, First}, Now} when Now - Begin >= Time ->
            Told ! {figure, (Next - First) * 1.0e9 / (Now - Begin)};
        _ -> consume(Next, 0, Phase, Time, Told)
    end;
consume(Next, Owed, Phase, Time, Told) ->
    receive
        {Producer, <<A:64, B:64, C:64, D:64, E:64, F:64, G:64, H:64>>} ->
            Sum = 8 * Next,
            Sum = A + B + C + D + E + F + G + H,
            Owed =:= ?WINDOW div 2 - 1 andalso (Producer ! {credit, ?WINDOW div 2}),
            consume(Next + 1, Owed + 1, Phase, Time, Told)
    end.

answer() ->
    receive {Asker, Letter} -> Asker ! Letter, answer() end.

ask(Answerer, Number, End, Took, Told) ->
    Asked = now_ns(),
    Answerer ! {self(), letter(Number)},
    receive <<Number:64, _/binary>> -> ok end,
    case now_ns() of
        Now when Now < End -> ask(Answerer, Number + 1, End, [Now - Asked | Took], Told);
        _ -> Told ! {figure, lists:nth(length(Took) div 2 + 1, lists:sort(Took))}
    end.
