"""A plugin whose state has another layout takes the old state over, or refuses and leaves it as it is."""
import shutil

import steady

LIMIT = 5000


def graph(directories):
    return f"""steadyd: 1
plugin_path: {directories.root}/plugins
actors:
  generator: {{plugin: demo, type: generator, params: {{limit: {LIMIT}, batch: 10}}}}
  keeper: {{plugin: keeper}}
  ticks: {{plugin: ticker}}
  drop: {{plugin: "null"}}
channels:
  - {{from: generator.numbers, to: keeper.numbers, capacity: 64}}
  - ticks.ticks -> drop.items
supervision: {{intensity: 2, period: 60s, backoff: {{min: 1ms, max: 10ms}}}}
"""


def install(directories, version):
    """Puts that version of the plugin in place, as an installer would: under its name at once."""
    folder = directories.root / "plugins"
    folder.mkdir(exist_ok=True)
    shutil.copy(steady.FIXTURE_PLUGINS / f"keeper_{version}.so", folder / "keeper.so.new")
    (folder / "keeper.so.new").rename(folder / "keeper.so")


def counted(service):
    return service.metrics("keeper").get("taken", 0)


def run_until_counted(service, least):
    return steady.wait_until(lambda: counted(service) >= least, f"the keeper has counted {least}")


def test_a_newer_plugin_takes_the_old_state_over_after_a_kill_of_everything():
    with steady.Directories() as directories:
        install(directories, 1)
        held = {"STEADY_DEBUG_COMMIT_STOP": "generator:3:200"}  # in the middle of its 200th commit
        with steady.Service(directories, graph(directories), held) as service:
            run_until_counted(service, 199)  # every commit brought one at least
            service.kill_steadyd()
            install(directories, 2)
            service.environment = {}
            service.start()
            run_until_counted(service, LIMIT)
            assert counted(service) == LIMIT
            service.wait_log("The state was taken over from an older version")
            assert service.stop() == 0


def test_a_plugin_that_cannot_take_the_state_over_is_refused_and_the_state_is_kept():
    with steady.Directories() as directories:
        install(directories, 1)
        with steady.Service(directories, graph(directories), {"STEADY_DEBUG_COMMIT_STOP": "generator:3:200"}) as service:
            run_until_counted(service, 199)  # every commit brought one at least
            before = counted(service)
            service.kill_steadyd()
            install(directories, 3)
            service.environment = {}
            service.start()
            service.wait_log("Worker died", "actor=keeper", "cannot migrate it", "the old state is kept")
            steady.wait_until(lambda: service.actor("drop")["state"] == "running", "the rest runs")
            service.kill_steadyd()
            install(directories, 2)
            service.start()
            run_until_counted(service, LIMIT)
            assert before <= counted(service) == LIMIT
            assert service.stop() == 0
