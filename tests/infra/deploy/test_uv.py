"""Does uv look where pip would look?"""

from infra.deploy.uv import as_uv_reads_them, flags, pip_settings

LISTING = """\
global.cert='/etc/ssl/one.crt'
global.index-url='https://mirror.example/simple?a=b'
global.timeout='20'
install.find-links='/nowhere https://wheels.example/'
:env:.timeout='180'
list.format='columns'
"""


def test_the_environment_wins_over_pips_files() -> None:
    assert pip_settings(LISTING)["timeout"] == "180"


def test_uv_reads_what_pip_reads() -> None:
    assert dict(as_uv_reads_them(pip_settings(LISTING), {})) == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple?a=b",
        "UV_FIND_LINKS": "https://wheels.example/",
        "UV_HTTP_TIMEOUT": "180",
        "SSL_CERT_FILE": "/etc/ssl/one.crt",
    }


def test_a_machine_without_settings_gives_uv_none() -> None:
    assert dict(as_uv_reads_them(pip_settings(""), {})) == {}


def test_several_indexes_are_weighed_as_pip_weighs_them() -> None:
    settings = dict(
        as_uv_reads_them({"extra-index-url": "https://a.example\nhttps://b.example", "no-index": "true"}, {})
    )
    assert settings == {
        "UV_INDEX": "https://a.example https://b.example",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_a_folder_of_wheels_can_be_the_only_place() -> None:
    assert flags({"no-index": "true"}) == ["--no-index"]
    assert flags({"no-index": "0"}) == []
