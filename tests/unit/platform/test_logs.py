"""Lines of the log: for machines complete and on one line, and without the values of variables."""

import io
import json
from uuid import UUID

import pytest
import structlog

from laddverk.platform import logs


@pytest.fixture
def written():
    stream = io.StringIO()
    logs.configure("info", stream)
    yield stream
    structlog.reset_defaults()


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json(written):
    structlog.get_logger().info("station.booted", station=UUID(int=1), odd={1, 2}, thing=object)
    (line,) = lines(written)
    assert line["event"] == "station.booted"
    assert line["level"] == "info"
    assert line["station"] == "00000000-0000-0000-0000-000000000001"
    assert line["timestamp"].endswith("Z")


def test_what_is_below_the_level_is_not_written(written):
    structlog.get_logger().debug("frame")
    assert lines(written) == []


def test_a_traceback_does_not_show_the_values_of_variables(written):
    password = "hunter" + str(2)
    try:
        raise ValueError(len(password))
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "ValueError: 7" in lines(written)[0]["exception"]
    assert "hunter2" not in written.getvalue()


def test_a_level_that_is_none_means_info():
    stream = io.StringIO()
    logs.configure("loud", stream)
    structlog.get_logger().info("here")
    structlog.reset_defaults()
    assert len(lines(stream)) == 1
