#!/usr/bin/env escript
%%! +S 1:1
%% Runs the scenarios of the files given on a real OTP supervisor and prints what happened, in the form that compare.py
%% describes. The children are processes that do what the scenario says and report when they start and stop.
%%
%% Nothing here waits for a time: after every event the driver looks until each supervisor answers and lists only
%% living processes, and each living process is listed. What an event leads to has then happened.
-module(otp_driver).
-mode(compile).
-export([main/1, init/1, start_child/1, child/2, log/2]).

main(Files) ->
    ok = logger:remove_handler(default),
    ok = logger:add_handler(give_ups, ?MODULE, #{}),
    ets:new(orders, [named_table, public]),
    lists:foreach(fun run_file/1, Files).

run_file(File) ->
    {ok, Text} = file:read_file(File),
    Lines = [string:trim(Line) || Line <- string:split(binary_to_list(Text), "\n", all)],
    scenarios([Line || Line <- Lines, not is_remark(Line)]).

is_remark(Line) ->
    Line =:= "" orelse lists:any(fun(Start) -> lists:prefix(Start, Line) end,
                                 ["#", "deviation ", "here:", "otp:", "in any order"]).

scenarios([]) -> ok;
scenarios(["== " ++ Name, Tree | Rest]) ->
    {Events, Others} = lists:splitwith(fun(Line) -> not lists:prefix("== ", Line) end, Rest),
    io:format("== ~s~n", [Name]),
    scenario(Tree, [string:trim(Event) || Line <- Events, Event <- string:split(Line, ";", all)]),
    scenarios(Others).

scenario(TreeText, Events) ->
    {Root, []} = parse_node(tokens(TreeText), none),
    ets:delete_all_objects(orders),
    Recorder = spawn_link(fun() -> recorder(#{trace => [], processes => []}) end),
    register(recorder, Recorder),
    Owner = spawn(fun() -> process_flag(trap_exit, true), own(Root) end),
    ets:insert(orders, {owner, Owner}),
    State = lists:foldl(fun(Event, Before) -> event(string:lexemes(Event, " "), Root, Before) end, not_started, Events),
    _ = start_tree(State),
    Up = [Name || Name <- names(Root), pid_of(Name) =/= none],
    io:format("up: ~s~n", [lists:join(" ", [atom_to_list(Name) || Name <- Up])]),
    [exit(Pid, kill) || {Pid, _, _, _} <- alive()],
    exit(Owner, kill),
    unlink(Recorder),
    unregister(recorder),
    exit(Recorder, kill).

%% The language: NAME WORD... [( CHILD, ... )]

tokens(Text) ->
    string:lexemes(lists:flatmap(fun(C) when C =:= $(; C =:= $); C =:= $, -> [$\s, C, $\s]; (C) -> [C] end, Text), " ").

parse_node([Name | Rest], Parent) ->
    Node = #{name => list_to_atom(Name), parent => Parent, strategy => one_for_one, intensity => 5,
             auto_shutdown => never, restart => permanent, significant => false, shutdown => infinity,
             ignores_stop => false, children => none},
    parse_words(Rest, Node).

parse_words(["(" | Rest], Node) -> parse_children(Rest, Node#{children := []});
parse_words(["intensity", N | Rest], Node) -> parse_words(Rest, Node#{intensity := list_to_integer(N)});
parse_words(["shutdown", "infinity" | Rest], Node) -> parse_words(Rest, Node#{shutdown := infinity});
parse_words(["shutdown", "brutal_kill" | Rest], Node) -> parse_words(Rest, Node#{shutdown := brutal_kill});
parse_words(["shutdown", Ms | Rest], Node) -> parse_words(Rest, Node#{shutdown := list_to_integer(Ms)});
parse_words([Word | Rest], Node) when Word =/= ",", Word =/= ")" ->
    parse_words(Rest, word(list_to_atom(Word), Node));
parse_words(Rest, Node) -> {Node, Rest}.

word(Strategy, Node) when Strategy =:= one_for_one; Strategy =:= one_for_all; Strategy =:= rest_for_one ->
    Node#{strategy := Strategy};
word(Restart, Node) when Restart =:= permanent; Restart =:= transient; Restart =:= temporary ->
    Node#{restart := Restart};
word(Mode, Node) when Mode =:= any_significant; Mode =:= all_significant -> Node#{auto_shutdown := Mode};
word(significant, Node) -> Node#{significant := true};
word(ignores_stop, Node) -> Node#{ignores_stop := true};
word(degrade, Node) -> Node.  % OTP has nothing of the kind

parse_children(Tokens, Node = #{name := Name, children := Before}) ->
    {Child, Rest} = parse_node(Tokens, Name),
    Now = Node#{children := Before ++ [Child]},
    case Rest of
        ["," | More] -> parse_children(More, Now);
        [")" | More] -> parse_words(More, Now)
    end.

names(#{name := Name, children := none}) -> [Name];
names(#{name := Name, children := Children}) -> [Name | lists:flatmap(fun names/1, Children)].

parent_of(Name, #{children := Children} = Node) when Children =/= none ->
    case lists:any(fun(#{name := Child}) -> Child =:= Name end, Children) of
        true -> maps:get(name, Node);
        false -> lists:foldl(fun(Child, none) -> parent_of(Name, Child); (_, Found) -> Found end, none, Children)
    end;
parent_of(_, _) -> none.

%% The supervisors

own(Root) ->
    receive
        {run, From} ->
            From ! {run_over, supervisor:start_link(?MODULE, Root)},
            receive never -> ok end
    end.

init(#{name := Name, strategy := Strategy, intensity := Intensity, auto_shutdown := Mode, children := Children}) ->
    put(supervisor, Name),
    record({process, self(), Name, hd(get('$ancestors')), supervisor}),
    Flags = #{strategy => Strategy, intensity => Intensity, period => 3600, auto_shutdown => Mode},
    {ok, {Flags, [spec(Child) || Child <- Children]}}.

spec(#{name := Name, children := Children} = Node) ->
    {Start, Type} = case Children of
                        none -> {{?MODULE, start_child, [Node]}, worker};
                        _ -> {{supervisor, start_link, [?MODULE, Node]}, supervisor}
                    end,
    maps:merge(#{id => Name, start => Start, type => Type}, maps:with([restart, significant, shutdown], Node)).

%% A logger handler; it runs in the process that reports.
log(#{msg := {report, #{label := {supervisor, shutdown}}}}, _) ->
    record({trace, [get(supervisor), " gives up"]});
log(_, _) -> ok.

%% The children

start_child(#{name := Name} = Node) ->
    record({trace, ["start ", Name]}),
    case {take_one({fail_start, Name}), take_one({hold_start, Name})} of
        {true, _} -> fails(Name);
        {false, false} -> proc_lib:start_link(?MODULE, child, [Node, self()]);
        {false, true} ->
            ets:insert(orders, {{holding, Name}, self()}),
            receive
                {Name, release} -> proc_lib:start_link(?MODULE, child, [Node, self()]);
                {Name, {die, _}} -> fails(Name)
            end
    end.

fails(Name) ->
    record({trace, ["start ", Name, " fails"]}),
    {error, told_to_fail}.

child(#{name := Name} = Node, Supervisor) ->
    process_flag(trap_exit, true),
    record({process, self(), Name, Supervisor, worker}),
    proc_lib:init_ack({ok, self()}),
    child_runs(Node, Supervisor).

child_runs(#{name := Name, ignores_stop := Ignores} = Node, Supervisor) ->
    receive
        {Name, {die, Reason}} -> exit(Reason);
        {'EXIT', Supervisor, killed} when not Ignores -> exit(killed);  % who traps no exits dies like this
        {'EXIT', Supervisor, killed} -> child_runs(Node, Supervisor);
        {'EXIT', Supervisor, shutdown} ->
            record({trace, ["stop ", Name]}),
            case take_one({hold_stop, Name}) of
                _ when Ignores -> child_runs(Node, Supervisor);
                false -> exit(shutdown);
                true ->
                    ets:insert(orders, {{holding, Name}, self()}),
                    receive
                        {Name, release} -> exit(shutdown);
                        {Name, {die, Reason}} -> exit(Reason)
                    end
            end
    end.

take_one(Order) ->
    case ets:lookup(orders, Order) of
        [{_, N}] when N > 0 -> ets:insert(orders, {Order, N - 1}), true;
        _ -> false
    end.

%% The events

event(["fail_start", Name, N], _, State) -> prepare(fail_start, Name, list_to_integer(N), State);
event(["hold_start", Name], _, State) -> prepare(hold_start, Name, 1, State);
event(["hold_stop", Name], _, State) -> prepare(hold_stop, Name, 1, State);
event(["run"], _, not_started) -> start_tree(not_started);
event(Event, Root, not_started) -> event(Event, Root, start_tree(not_started));
event(Event, Root, started) ->
    happens(Event, Root),
    settle(),
    print_trace(string:join(Event, " ")),
    started.

prepare(What, Name, N, State) ->
    ets:insert(orders, {{What, list_to_atom(Name)}, N}),
    State.

start_tree(started) -> started;
start_tree(not_started) ->
    [{_, Owner}] = ets:lookup(orders, owner),
    do_job(fun() -> Owner ! {run, self()}, receive {run_over, _} -> ok end end),
    settle(),
    print_trace("run"),
    started.

happens(["crash" | Names], Root) -> die(Names, crashed, Root);
happens(["exit" | Names], Root) -> die(Names, normal, Root);
happens(["finish" | Names], Root) -> die(Names, normal, Root);
happens(["release", Name], _) -> release(list_to_atom(Name), release);
happens(["stop"], #{name := Root}) ->
    [{_, Owner}] = ets:lookup(orders, owner),
    case pid_of(Root) of
        none -> ok;
        Pid -> Pid ! {'EXIT', Owner, shutdown}  % what its parent's exit is to a process that traps exits
    end;
happens([Order, Name], Root) -> do_job(fun() -> operator(Order, list_to_atom(Name), Root) end).

operator(Order, Name, Root) ->
    case {Order, pid_of(parent_of(Name, Root))} of
        {_, none} -> record({trace, "refused"});
        {"stop", Supervisor} -> supervisor:terminate_child(Supervisor, Name);
        {"start", Supervisor} -> operator_start(Supervisor, Name);
        {"restart", Supervisor} ->
            _ = supervisor:terminate_child(Supervisor, Name),
            operator_start(Supervisor, Name)
    end.

operator_start(Supervisor, Name) ->
    case supervisor:restart_child(Supervisor, Name) of
        {error, Why} when Why =:= running; Why =:= restarting; Why =:= not_found -> record({trace, "refused"});
        _ -> ok
    end.

%% Several die before their supervisors see the first of them.
die([Name], Reason, _) -> die_one(list_to_atom(Name), Reason);
die(Names, Reason, Root) ->
    Supervisors = lists:usort([pid_of(parent_of(list_to_atom(Name), Root)) || Name <- Names]),
    Idle = [Pid || Pid <- Supervisors, Pid =/= none, is_idle(Pid)],
    [ok = sys:suspend(Pid) || Pid <- Idle],
    [die_one(list_to_atom(Name), Reason) || Name <- Names],
    [ok = sys:resume(Pid) || Pid <- Idle].

die_one(Name, Reason) ->
    case {ets:lookup(orders, {holding, Name}), pid_of(Name)} of
        {[_], _} -> release(Name, {die, Reason});
        {[], none} -> record({trace, [Name, " does not run"]});
        {[], Pid} ->
            {Pid, _, Supervisor, _} = lists:keyfind(Pid, 1, alive()),
            Pid ! {Name, {die, Reason}},
            wait_until(fun() -> not is_process_alive(Pid) andalso not is_suspended_without(Supervisor, Pid) end)
    end.

%% A suspended supervisor must have its messages in the order of the deaths.
is_suspended_without(Supervisor, Pid) ->
    case process_info(Supervisor, [current_function, messages]) of
        [{current_function, {sys, suspend_loop_hib, _}}, {messages, Messages}] -> not has_exit(Pid, Messages);
        [{current_function, {sys, suspend_loop, _}}, {messages, Messages}] -> not has_exit(Pid, Messages);
        _ -> false
    end.

has_exit(Pid, Messages) -> lists:any(fun({'EXIT', From, _}) -> From =:= Pid; (_) -> false end, Messages).

release(Name, How) ->
    case ets:lookup(orders, {holding, Name}) of
        [{_, Pid}] -> ets:delete(orders, {holding, Name}), Pid ! {Name, How};
        [] -> ok
    end.

%% In a process of its own: a supervisor that is held answers nobody.
do_job(Job) ->
    {Pid, Monitor} = spawn_monitor(Job),
    wait_until(fun() -> not is_process_alive(Pid) orelse is_anything_held() end),
    demonitor(Monitor, [flush]).

is_anything_held() -> ets:match(orders, {{holding, '_'}, '_'}) =/= [].

%% Everything that follows has happened

settle() ->
    wait_until(fun() -> is_settled() andalso is_settled() end).

is_settled() ->
    Alive = alive(),
    Listed = [{Pid, listed(Pid, Alive)} || {Pid, _, _, supervisor} <- Alive],
    not lists:keymember(moving, 2, Listed) andalso
        lists:all(fun(Process) -> has_its_place(Process, Listed) end, Alive).

%% The living children of a supervisor, or `held` when it waits for what the scenario holds and answers nobody.
listed(Supervisor, Alive) ->
    case is_held(Supervisor, Alive) of
        true -> held;
        false -> ask_for_children(Supervisor)
    end.

ask_for_children(Supervisor) ->
    try gen_server:call(Supervisor, which_children, 100) of
        Children ->
            Pids = [Pid || {_, Pid, _, _} <- Children, Pid =/= undefined],
            case lists:all(fun(Pid) -> is_pid(Pid) andalso is_process_alive(Pid) end, Pids) of
                true -> Pids;
                false -> moving
            end
    catch
        exit:_ -> moving
    end.

is_held(Supervisor, Alive) ->
    Held = [Pid || [Pid] <- ets:match(orders, {{holding, '_'}, '$1'})],
    Above = lists:flatmap(fun(Pid) -> [Pid | ancestors(Pid, Alive)] end, Held),
    lists:member(Supervisor, Above) andalso not is_idle(Supervisor).

ancestors(Pid, Alive) ->
    case lists:keyfind(Pid, 1, Alive) of
        {_, _, Parent, _} -> [Parent | ancestors(Parent, Alive)];
        false -> []
    end.

has_its_place({Pid, _, Parent, Kind}, Listed) ->
    case lists:keyfind(Parent, 1, Listed) of
        {_, held} -> true;
        {_, Pids} -> lists:member(Pid, Pids);
        false when Kind =:= supervisor -> [{_, Owner}] = ets:lookup(orders, owner), Parent =:= Owner;
        false -> is_idle(Pid) andalso has_read_all(Pid)  % left behind by a supervisor that was killed
    end.

is_idle(Pid) ->
    case process_info(Pid, current_function) of
        {current_function, {gen_server, loop, _}} -> true;
        {current_function, {?MODULE, child_runs, _}} -> true;
        _ -> false
    end.

has_read_all(Pid) -> process_info(Pid, message_queue_len) =:= {message_queue_len, 0}.

wait_until(Condition) -> wait_until(Condition, 10000).

wait_until(_, 0) -> io:format("this scenario never comes to rest~n"), halt(3);
wait_until(Condition, Tries) ->
    case Condition() of
        true -> ok;
        false -> receive after 1 -> wait_until(Condition, Tries - 1) end
    end.

%% The record of what happened, in the order in which it happened. A killed process cannot tell; whoever waited for
%% its death tells something later, and the deaths up to then are recorded first.

record(What) -> ask_recorder(What).
alive() -> ask_recorder(alive).

pid_of(Name) ->
    case [Pid || {Pid, Known, _, _} <- alive(), Known =:= Name] of
        [Pid | _] -> Pid;
        [] -> none
    end.

print_trace(Event) -> io:format("~s: ~s~n", [Event, lists:join(", ", ask_recorder(trace))]).

ask_recorder(What) ->
    Ref = make_ref(),
    recorder ! {self(), Ref, What},
    receive {Ref, Answer} -> Answer end.

recorder(Before) ->
    receive
        {'DOWN', _, process, Pid, Reason} -> recorder(note_death(Pid, Reason, Before));
        {From, Ref, What} ->
            {Answer, After} = answer(What, note_deaths(Before)),
            From ! {Ref, Answer},
            recorder(After)
    end.

answer({trace, Words}, #{trace := Trace} = State) ->
    {ok, State#{trace := [[to_text(Word) || Word <- lists:flatten([Words])] | Trace]}};
answer({process, Pid, Name, Parent, Kind}, #{processes := Processes} = State) ->
    monitor(process, Pid),
    {ok, State#{processes := [{Pid, Name, Parent, Kind} | Processes]}};
answer(alive, #{processes := Processes} = State) -> {lists:reverse(Processes), State};
answer(trace, #{trace := Trace} = State) -> {lists:reverse(Trace), State#{trace := []}}.

to_text(Word) when is_atom(Word) -> atom_to_list(Word);
to_text(Letter) -> Letter.

note_deaths(#{processes := Processes} = State) ->
    receive
        {'DOWN', _, process, Pid, Reason} -> note_deaths(note_death(Pid, Reason, State))
    after 0 ->
        case [Pid || {Pid, _, _, _} <- Processes, not is_process_alive(Pid)] of
            [] -> State;
            [Dead | _] ->
                receive {'DOWN', _, process, Dead, Reason} -> note_deaths(note_death(Dead, Reason, State)) end
        end
    end.

note_death(Pid, Reason, #{processes := Processes, trace := Trace} = State) ->
    {value, {_, Name, _, Kind}, Others} = lists:keytake(Pid, 1, Processes),
    case {Reason, Kind} of
        {killed, worker} -> State#{processes := Others, trace := ["kill " ++ atom_to_list(Name) | Trace]};
        _ -> State#{processes := Others}
    end.
