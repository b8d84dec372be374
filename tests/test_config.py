"""Settings: four sources, one order, and refusals that name file, line, key and remedy."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from arbtui.config import Flag, Loaded, Paths, load, paths
from arbtui.config.keys import Keys, dotted
from arbtui.config.load import literal
from arbtui.config.show import example, shown
from arbtui.config.toml import lines_of_keys
from arbtui.core.errors import ConfigError
from arbtui.core.kept import Kept

VENUES = ("binance", "okx")


@pytest.fixture
def where(tmp_path: Path) -> Paths:
    return Paths(
        config=tmp_path / "config.toml",
        credentials=tmp_path / "credentials.toml",
        state=tmp_path / "state.toml",
        data_dir=tmp_path / "data",
        log_dir=tmp_path / "log",
    )


def loaded(
    where: Paths,
    text: str = "",
    *,
    environ: dict[str, str] | None = None,
    flags: dict[tuple[str, ...], Flag] | None = None,
    kept: dict[str, Kept] | None = None,
) -> Loaded:
    where.config.write_text(text)
    return load(where, VENUES, environ=environ or {}, flags=flags, kept=kept)


def refusal(where: Paths, text: str = "", environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(where, text, environ=environ)
    said = str(caught.value)
    assert "\n" not in said
    return said


# what holds


def test_without_any_file_the_defaults_hold_and_every_known_exchange_is_on(where: Paths) -> None:
    settings = load(where, VENUES, environ={}).settings
    assert settings.signals.threshold_bps == 5.0
    assert settings.signals.sample_ms == 500
    assert settings.signals.hysteresis_bps == 2.0
    assert settings.market.top == 300
    assert settings.enabled_venues() == VENUES
    assert settings.fees["okx"].perp.taker_bps is None


def test_a_config_file_that_was_named_must_exist(where: Paths) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml does not exist.*config init"):
        load(where, VENUES, environ={}, must_exist=True)


def test_flag_beats_environment_beats_state_beats_config_beats_default(where: Paths) -> None:
    path: tuple[str, ...] = ("signals", "threshold_bps")
    text = "[signals]\nthreshold_bps = 6.0\n"
    kept = {"signals.threshold_bps": Kept(7.0, over=6.0)}
    environ = {"ARBTUI_SIGNALS__THRESHOLD_BPS": "8"}
    flags = {path: Flag(9.0, "--threshold")}
    runs = [
        (loaded(where), 5.0, "default"),
        (loaded(where, text), 6.0, f"config ({where.config} line 2)"),
        (loaded(where, text, kept=kept), 7.0, f"state ({where.state})"),
        (loaded(where, text, kept=kept, environ=environ), 8.0, "env (ARBTUI_SIGNALS__THRESHOLD_BPS)"),
        (loaded(where, text, kept=kept, environ=environ, flags=flags), 9.0, "flag (--threshold)"),
    ]
    for run, value, origin in runs:
        assert run.settings.signals.threshold_bps == value
        assert str(run.origin(path)) == origin


def test_a_later_word_in_config_beats_the_kept_value_and_drops_it(where: Paths) -> None:
    kept = {"signals.threshold_bps": Kept(7.0, over=6.0)}
    run = loaded(where, "[signals]\nthreshold_bps = 6.5\n", kept=kept)
    assert run.settings.signals.threshold_bps == 6.5
    assert run.dropped == ("signals.threshold_bps",)


def test_a_key_that_appears_in_config_beats_what_was_kept_over_the_default(where: Paths) -> None:
    kept = {"walk.usd": Kept(500.0, over=None)}
    assert loaded(where, kept=kept).settings.walk.usd == 500.0
    run = loaded(where, "[walk]\nusd = 2000.0\n", kept=kept)
    assert (run.settings.walk.usd, run.dropped) == (2000.0, ("walk.usd",))


def test_one_coins_threshold_is_kept_apart_from_the_others(where: Paths) -> None:
    text = '[signals]\nthresholds = { BTC = 3.0, "okx+binance" = 6.0 }\n'
    kept = {"signals.thresholds.BTC": Kept(None, over=3.0), "signals.thresholds.ETH": Kept(4.0, over=None)}
    run = loaded(where, text, kept=kept)
    assert run.settings.signals.thresholds == {"okx+binance": 6.0, "ETH": 4.0}
    assert run.in_config("signals.thresholds.BTC") == 3.0
    assert run.in_config("signals.thresholds.ETH") is None


def test_kept_values_that_are_not_understood_are_ignored_with_a_warning(where: Paths) -> None:
    kept = {"walk.usd": Kept("much", over=None), "no.such": Kept(1, over=None), "ui.columns": Kept("a,b", over=None)}
    run = loaded(where, kept=kept)
    assert run.settings.walk.usd == 1000.0
    assert len(run.warnings) == 2
    assert all(str(where.state) in warning for warning in run.warnings)


def test_environment_texts_become_what_the_key_wants(where: Paths) -> None:
    environ = {
        "ARBTUI_MARKET__SYMBOLS": "BTC, 1INCH",
        "ARBTUI_MARKET__TOP": "all",
        "ARBTUI_PAIRS__SELL_SPOT": "true",
        "ARBTUI_VENUES__OKX__ENVIRONMENT": "demo",
        "ARBTUI_FEES__OKX__PERP__TAKER_BPS": "-0.5",
        "ARBTUI_LOG__DIR": "2024",
    }
    settings = loaded(where, environ=environ).settings
    assert settings.market.symbols == ("BTC", "1INCH")
    assert settings.market.top == "all"
    assert settings.pairs.sell_spot is True
    assert settings.venues["okx"].environment == "demo"
    assert settings.fees["okx"].perp.taker_bps == -0.5
    assert settings.log.dir == "2024"


def test_multiplier_overrides_come_out_as_the_table_wants_them(where: Paths) -> None:
    text = '[instruments.multipliers."binance.1000ABCUSDT"]\ncoin = "ABC"\nmultiplier = 1000\n'
    assert loaded(where, text).settings.multipliers() == {("binance", "1000ABCUSDT"): ("ABC", 1000)}


# what is refused


def test_an_unknown_key_is_refused_with_file_line_key_and_the_nearest_one(where: Paths) -> None:
    said = refusal(where, "# mine\n[signals]\nsamples = 2\n\ntreshold_bps = 3.0\n")
    assert said == (
        f'{where.config} line 5: unknown key "signals.treshold_bps"; the nearest valid one is "signals.threshold_bps".'
    )


@pytest.mark.parametrize(
    ("text", "line", "unknown", "nearest"),
    [
        ("[signal]\nsamples = 2\n", 1, "signal", "signals"),
        ("threshold_bps = 3.0\n", 1, "threshold_bps", "signals.threshold_bps"),
        ("[venues.binanse]\nenabled = true\n", 1, "venues.binanse", "venues.binance"),
        ("[venues.okx]\nenable = true\n", 2, "venues.okx.enable", "venues.okx.enabled"),
        ("[fees.okx.perp]\ntaker = 5.0\n", 2, "fees.okx.perp.taker", "fees.okx.perp.taker_bps"),
        ("[xyzzy]\nenabled = true\n", 1, "xyzzy", "pairs"),
    ],
)
def test_unknown_keys_at_any_depth(where: Paths, text: str, line: int, unknown: str, nearest: str) -> None:
    said = refusal(where, text)
    assert f'line {line}: unknown key "{unknown}"' in said
    if unknown != "xyzzy":  # nothing reads like it: any valid name will do
        assert f'"{nearest}"' in said


@pytest.mark.parametrize(
    ("text", "line", "shown_value", "expectation"),
    [
        ('[signals]\nsamples = "three"\n', 2, '"signals.samples" = "three"', "should be a valid integer"),
        ("[signals]\nsamples = 0\n", 2, '"signals.samples" = 0', "should be greater than or equal to 1"),
        ("[walk]\nusd = nan\n", 2, '"walk.usd" = nan', "should be a finite number"),
        ("[auto]\nmax_net_usd = inf\n", 2, '"auto.max_net_usd" = inf', "should be a finite number"),
        (
            "[auto]\nmax_position_usd = 1e300\n",
            2,
            '"auto.max_position_usd" = 1e+300',
            "less than or equal to 1000000000",
        ),
        ("[auto]\nsize_usd = -1.0\n", 2, '"auto.size_usd" = -1.0', "should be greater than 0"),
        ("[auto]\nmax_hedges = 0\n", 2, '"auto.max_hedges" = 0', "should be greater than or equal to 1"),
        ("[auto]\nlong_threshold_bps = nan\n", 2, '"auto.long_threshold_bps" = nan', "should be a finite number"),
        ("[limits]\norder_usd = 1e300\n", 2, '"limits.order_usd" = 1e+300', "1000000000 or should be 'off'"),
        ("[limits]\nopen_hedges = 0\n", 2, '"limits.open_hedges" = 0', "greater than or equal to 1 or should be 'off'"),
        ("[walk]\nusd = true\n", 2, '"walk.usd" = true', "should be a valid number"),
        ('[network]\nfamily = "ipv5"\n', 2, '"network.family" = "ipv5"', "'auto', 'ipv4' or 'ipv6'"),
        ('[market]\ntop = "most"\n', 2, '"market.top" = "most"', "valid integer or should be 'all'"),
        ('[market]\nsymbols = ["BTC", 3]\n', 2, '"market.symbols" = ["BTC", 3]', "should be a valid string"),
        ('[venues.okx]\nmarkets = ["futures"]\n', 2, "venues.okx.markets", "'spot' or 'perp'"),
        ('[network]\nproxy = "localhost"\n', 2, "network.proxy", "begins with http:// or https://"),
        ('[signals.thresholds]\n"okx>binance" = 3.0\n', 2, '"okx>binance"', "must be a coin (BTC)"),
        ("[signals.thresholds]\nBTC = 20000.0\n", 2, "signals.thresholds.BTC", "less than 10000"),
        ("signals = 3\n", 1, '"signals" is a section', "write [signals]"),
    ],
)
def test_a_wrong_value_is_refused_with_what_it_should_be(
    where: Paths, text: str, line: int, shown_value: str, expectation: str
) -> None:
    said = refusal(where, text)
    assert said.startswith(f"{where.config} line {line}: ")
    assert shown_value in said
    assert expectation in said


def test_broken_toml_is_refused_with_its_line(where: Paths) -> None:
    said = refusal(where, "[signals]\nsamples = \n")
    assert str(where.config) in said
    assert "line 2" in said


def test_a_file_that_is_no_text_is_refused(where: Paths) -> None:
    where.config.write_bytes(b"\xff\xfe[signals]")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(where, VENUES, environ={})


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        pytest.param("a = " + "[" * 100_000, "nested too deeply", id="nested"),
        pytest.param("[walk]\nusd = " + "9" * 5000, "too many digits", id="digits"),
    ],
)
def test_what_the_parser_itself_cannot_take_is_refused_in_a_sentence(where: Paths, text: str, wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong):
        loaded(where, text)


def test_a_config_that_is_a_folder_is_refused(where: Paths) -> None:
    where.config.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load(where, VENUES, environ={})


def test_a_wrong_variable_is_named(where: Paths) -> None:
    said = refusal(where, environ={"ARBTUI_SIGNALS__SAMPLES": "many"})
    assert said.startswith('ARBTUI_SIGNALS__SAMPLES: "signals.samples" = "many"')


def test_an_unknown_variable_is_refused_with_the_nearest(where: Paths) -> None:
    said = refusal(where, environ={"ARBTUI_SIGNALS__TRESHOLD_BPS": "3"})
    assert "ARBTUI_SIGNALS__THRESHOLD_BPS" in said


def test_tables_of_ones_own_names_are_not_settable_by_variable(where: Paths) -> None:
    for name in ("ARBTUI_SIGNALS__THRESHOLDS__BTC", "ARBTUI_SIGNALS__THRESHOLDS", "ARBTUI_VENUES__OKX"):
        assert "config.toml" in refusal(where, environ={name: "3"})


def test_a_variable_with_one_underscore_is_pointed_out_and_foreign_ones_pass(where: Paths) -> None:
    environ = {"ARBTUI_SIGNALS_THRESHOLD_BPS": "3", "ARBTUI_BIN": "/x", "ARBTUI_OKX_API_KEY": "k", "PATH": "/bin"}
    run = loaded(where, environ=environ)
    assert run.settings.signals.threshold_bps == 5.0
    assert len(run.warnings) == 1
    assert "ARBTUI_SIGNALS__THRESHOLD_BPS" in run.warnings[0]


# what is shown


def test_the_example_that_ships_is_the_one_the_models_make() -> None:
    shipped = (Path(__file__).parent.parent / "config.example.toml").read_text()
    venues = [line[8:-1] for line in shipped.splitlines() if line.startswith("[venues.")]
    assert example(Keys(venues)) == shipped


def test_the_example_loads_as_it_is_and_changes_nothing(where: Paths) -> None:
    assert loaded(where, example(Keys(VENUES))).settings == load(where, VENUES, environ={}).settings


def test_the_example_uncommented_loads_and_names_every_key(where: Paths) -> None:
    text = "\n".join(
        line.removeprefix("# ") if " = " in line and line.startswith("# ") and not line.startswith("#  ") else line
        for line in example(Keys(VENUES)).splitlines()
    )
    run = loaded(where, text)
    known = {dotted(path) for path, _ in Keys(VENUES).leaves()}
    given = {dotted(path) for path in run.in_file}
    missing = {key for key in known if not any(name == key or name.startswith(key + ".") for name in given)}
    assert missing == {"venues.okx.urls"}  # explained once, at the first exchange


def test_every_key_has_a_sentence() -> None:
    for path, known in Keys(VENUES).leaves():
        assert known.description, path
        assert known.description.endswith("."), path


def test_show_names_each_origin_and_masks_passwords_in_addresses(where: Paths) -> None:
    from arbtui.config import Credentials

    run = loaded(where, '[network]\nproxy = "http://me:hunter2@proxy:3128"\n[walk]\nusd = 7.5\n')
    lines = list(shown(run, Credentials(origins={("okx", "api_key"): "ARBTUI_OKX_API_KEY"})))
    assert f"walk.usd = 7.5  # config ({where.config} line 4)" in lines
    assert "signals.samples = 3  # default" in lines
    assert 'credentials.okx.api_key = "********"  # ARBTUI_OKX_API_KEY' in lines
    assert not any("hunter2" in line for line in lines)
    assert any("http://********@proxy:3128" in line for line in lines)


def test_literals_are_toml() -> None:
    import tomllib

    for value in (True, 3, 2.5, 'a"b\\c', ["x", "y"], {"a.b": 1.0}):
        assert tomllib.loads(f"v = {literal(value)}")["v"] == value


def test_lines_are_found_for_quoted_and_dotted_keys() -> None:
    text = "[a.\"b.c\"]\nx.y = 1\n[[d]]\n'q' = 2 # [no]\n"
    lines = lines_of_keys(text)
    assert lines[("a", "b.c")] == 1
    assert lines[("a", "b.c", "x", "y")] == 2
    assert lines[("d",)] == 3
    assert lines[("d", "q")] == 4


def test_paths_follow_the_platform_and_keep_modes_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    found = paths()
    assert found.config == tmp_path / "config/arbtui/config.toml"
    assert found.credentials == tmp_path / "config/arbtui/credentials.toml"
    assert found.data("DEMO") != found.data("PAPER")
    assert paths("/elsewhere/my.toml").config == Path("/elsewhere/my.toml")
    assert paths("/elsewhere/my.toml").credentials == found.credentials


def test_the_example_explains_every_exchange_that_there_is() -> None:
    from arbtui.venues import registry

    shipped = (Path(__file__).parent.parent / "config.example.toml").read_text()
    assert all(f"[venues.{name}]" in shipped for name in registry.names())


# what is no file of settings


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full"])
def test_a_device_is_refused_and_not_read(where: Paths, device: str) -> None:
    with pytest.raises(ConfigError, match=f"^{device} is a pipe or device; name an ordinary file.$"):
        load(dataclasses.replace(where, config=Path(device)), VENUES, environ={}, must_exist=True)


def test_a_pipe_that_nobody_writes_to_is_refused_and_not_waited_for(where: Paths) -> None:
    os.mkfifo(where.config)
    with pytest.raises(ConfigError, match="is a pipe or device"):
        load(where, VENUES, environ={})


def test_a_file_of_more_than_16_mib_is_refused(where: Paths) -> None:
    with where.config.open("wb") as file:
        file.truncate(16 * 2**20 + 1)
    with pytest.raises(ConfigError, match="larger than 16 MiB"):
        load(where, VENUES, environ={})


def test_a_folder_is_refused(where: Paths) -> None:
    where.config.mkdir()
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(where, VENUES, environ={})
