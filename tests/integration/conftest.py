import pytest

pytest.register_assert_rewrite("steady", "graphs")
