"""What several files of this folder begin with."""
import pytest

pytest.register_assert_rewrite("steady", "graphs")


@pytest.fixture(name="service", scope="module")
def running_trio():
    """One trio for the tests of a file that leave it as they found it."""
    import graphs
    import steady
    with steady.Directories() as directories, steady.Service(directories, graphs.trio()) as service:
        service.wait_ready()
        yield service
        assert service.stop() == 0
