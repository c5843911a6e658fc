"""`recurrent serve`: what is refused before a server starts, and what it prints."""

import json
import shlex
import socket

import pytest

from recurrent.commands import serve
from recurrent.common import files, paths
from recurrent.common.errors import PipelineError
from recurrent.serving import package, server
from tests.commands.trained import CLASSIFIER, REGRESSOR, STACKED, save
from tests.project import Project

pytestmark = pytest.mark.usefixtures("restored_torch")


def refusal(name: str, port: int = 0) -> str:
    with pytest.raises(PipelineError) as fault:
        serve.main(name, "127.0.0.1", port)
    return str(fault.value)


def test_models_that_cannot_answer_are_refused(project: Project) -> None:
    assert "not trained yet" in refusal("nietzsche_rnn")
    assert "its task is restore" in refusal("lyrics_restore")
    settings = {**STACKED["settings"], "bidirectional": True}
    save("lyrics_bidirectional/lecture", {**STACKED, "settings": settings})
    assert "reads the text from both sides" in refusal("lyrics_bidirectional")
    save("sales_methods_on_vectors/neighbours", REGRESSOR)
    files.write_text(paths.encoded("sales_vectors") / "vectors.npy", "")
    assert "reads the embeddings of another network" in refusal("sales_methods_on_vectors")


def test_a_port_that_is_taken_is_refused_with_what_to_do(project: Project) -> None:
    save("names_gated/gru", CLASSIFIER)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refusal("names_gated/gru", port)
    assert said.startswith(f"127.0.0.1:{port}: ") and "--port" in said


def test_the_example_is_a_command_line_with_the_request() -> None:
    interface = package.next_token({"about": {"vocabulary": "a\"b'c", "window": 3}})
    first, url, *options = shlex.split(server.curl("http://127.0.0.1:1", interface))
    assert (first, url) == ("curl", "http://127.0.0.1:1/invocations")
    assert json.loads(options[-1]) == interface.request()
