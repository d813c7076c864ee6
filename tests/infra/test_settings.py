"""Which value is in force, where does it come from, and what is said when it cannot be used?"""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.settings import BadSettings, Role, Settings, load, master_key


@pytest.fixture(autouse=True)
def an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PARLEY_{name.upper()}", raising=False)
        monkeypatch.delenv(f"PARLEY_{name.upper()}_FILE", raising=False)
    return tmp_path


def test_without_any_setting_there_is_a_server_on_this_machine() -> None:
    settings = load()
    assert (settings.host, settings.port, settings.url) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")


def test_the_command_line_wins_over_the_environment_and_that_over_dotenv_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("config.yaml").write_text("port: 1\n")
    assert load().port == 1
    Path(".env").write_text("PARLEY_PORT=2\n")
    assert load().port == 2
    monkeypatch.setenv("PARLEY_PORT", "3")
    assert load().port == 3
    assert load(port=4).port == 4
    assert load(port=None).port == 3


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secret").write_text("postgresql://somewhere\n")
    monkeypatch.setenv("PARLEY_DATABASE_URL_FILE", "secret")
    assert load().database_url.get_secret_value() == "postgresql://somewhere"
    assert "somewhere" not in repr(load())


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_DATABASE_URL_FILE", "nowhere")
    with pytest.raises(BadSettings, match="nowhere"):
        load()


@pytest.mark.parametrize("wrong", ["port: many\n", "port: 70000\n", "portt: 1\n", "log_level: LOUD\n"])
def test_what_cannot_be_used_is_named_with_where_to_set_it(wrong: str) -> None:
    Path("config.yaml").write_text(wrong)
    with pytest.raises(BadSettings, match=f"PARLEY_{wrong.partition(':')[0].upper()}"):
        load()


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PORT", "")
    assert load().port == 8080


def test_roles_are_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_ROLES", '["api", "engine"]')
    assert load().roles == (Role.API, Role.ENGINE)


def test_a_list_that_cannot_be_read_is_a_bad_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_ROLES", "[api")
    with pytest.raises(BadSettings, match="roles"):
        load()


def test_a_file_that_is_no_yaml_is_a_bad_setting() -> None:
    Path("config.yaml").write_text("port: [1\n")
    with pytest.raises(BadSettings, match=r"config\.yaml"):
        load()


def test_the_master_key_is_made_once_and_kept_from_others() -> None:
    settings = load(data_dir=Path("data"))
    key = master_key(settings)
    assert len(key) > 30
    assert master_key(settings) == key
    assert stat.S_IMODE(Path("data/keys/master").stat().st_mode) == 0o600


def test_processes_that_start_together_share_one_master_key() -> None:
    settings = load(data_dir=Path("data"))
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: master_key(settings), range(64)))) == 1
    assert [path.name for path in Path("data/keys").iterdir()] == ["master"]


def test_a_given_master_key_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_MASTER_KEY", "mine")
    assert master_key(load()) == b"mine"
    assert not Path(".parley").exists()
