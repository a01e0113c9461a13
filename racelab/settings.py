"""Every RACELAB_ variable, in one class; `.env` in the working folder is read too."""

from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from racelab.errors import StoreError

# Every topic that tells a session; the last four come only to those who are signed in.
F1_LIVE_TOPICS = (
    "Heartbeat,DriverList,ExtrapolatedClock,RaceControlMessages,SessionInfo,SessionStatus,SessionData,TeamRadio,"
    "TimingAppData,TimingStats,TimingData,TrackStatus,WeatherData,LapCount,TopThree,RcmSeries,"
    "CarData.z,Position.z,ChampionshipPrediction,PitLaneTimeCollection"
)

_HTTP = r"^https?://[^/\s]"


class Settings(BaseSettings):
    """The settings of racelab. Each is read from ``RACELAB_<NAME>``; none is a secret unless it says so."""

    model_config = SettingsConfigDict(env_prefix="RACELAB_", env_file=".env", extra="ignore", populate_by_name=True)

    db: str | None = Field(
        default=None,
        description="The store: sqlite:///data/racelab.db (default, under RACELAB_DATA), postgresql+psycopg://... or json:///data/store",
    )
    data: Path = Field(
        default=Path("data"), description="Folder of the default store, recordings, exports, models and logs"
    )
    reports: Path = Field(default=Path("reports"), description="Folder to which runs write")
    f1_mirror: str | None = Field(default=None, description="Base URL of a mirror of FastF1's sources")
    f1_cache: Path | None = Field(
        default=None, description="FastF1's cache folder; default: f1-cache under RACELAB_DATA"
    )
    f1_connect_s: float = Field(default=5.0, gt=0, description="Seconds in which a source of FastF1 takes a connection")
    f1_read_s: float = Field(default=20.0, gt=0, description="Seconds that it may be silent in mid answer")
    f1_answer_s: float = Field(default=300.0, gt=0, description="Seconds that a whole answer of it may take")
    f1_tries: int = Field(default=2, ge=1, le=5, description="How often an answer that is cut or an error is asked for")
    f1_pause_s: float = Field(default=1.0, ge=0, description="Seconds between two tries")
    log_bytes: int = Field(default=1_000_000, ge=1000, description="Size at which logs/racelab.log is begun anew")
    log_files: int = Field(default=5, ge=2, le=100, description="Log files that are kept, the current one included")
    chunk_rows: int = Field(default=50_000, ge=1, description="Rows handed to the database driver at once")
    busy_timeout_s: float = Field(
        default=30.0, gt=0, description="Seconds to wait for another writer of the same SQLite file or JSON folder"
    )
    test_data: Path = Field(
        default=Path("../shared/data"), description="Folder of real timing data, for tests and benchmarks"
    )
    test_postgres: str | None = Field(
        default=None,
        description="PostgreSQL server for tests and benchmarks, which make databases there; default: one of their own",
    )
    serve_host: str = Field(default="127.0.0.1", description="Address that `racelab serve` listens on")
    serve_port: int = Field(default=8000, ge=0, le=65535, description="Port of the REST API; 0 picks a free one")
    voila_port: int = Field(default=8866, ge=0, le=65535, description="Port of the dashboards; 0 picks a free one")
    monitor: bool = Field(default=True, description="Whether `racelab serve` runs the race monitor too")
    monitor_series: str = Field(default="f1,wec,imsa", description="The series whose races the monitor follows")
    monitor_check_s: float = Field(default=300.0, gt=0, description="Seconds between two looks at the calendar")
    monitor_warm_up_s: float = Field(
        default=900.0, ge=0, description="Seconds before a race's start at which the monitor connects to its feed"
    )
    monitor_margin_s: float = Field(
        default=1800.0, ge=0, description="Seconds beyond its scheduled length after which a silent race counts as over"
    )
    monitor_lease_s: float = Field(
        default=60.0, gt=0, description="Seconds after which another monitor takes the place of one that says nothing"
    )
    monitor_races: int = Field(default=1000, ge=1, description="Races that the monitor simulates at each lap")
    xgboost_device: Literal["cpu", "cuda"] = Field(
        default="cpu", description="Where XGBoost trains: cpu, or cuda with the package xgboost and a GPU of NVIDIA's"
    )
    run_timeout_s: int = Field(default=1800, ge=1, description="Seconds that a notebook's cell may run")
    f1_live_url: str = Field(
        default="https://livetiming.formula1.com/signalrcore",
        pattern=_HTTP,
        description="The hub of Formula 1's live timing",
    )
    f1_live_topics: str = Field(default=F1_LIVE_TOPICS, description="What the live feed subscribes to, with commas")
    f1_live_headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="Secret: further headers for the live feed, as a JSON object"
    )
    f1_live_silence_s: float = Field(
        default=60.0, gt=0, description="Seconds without a message after which the live feed connects again"
    )
    griiip_url: str = Field(
        default="https://insights.griiip.com", pattern=_HTTP, description="The service of WEC's live timing"
    )
    griiip_sid: int | None = Field(
        default=None, ge=1, description="Number of the live WEC session there; default: found by its start"
    )
    griiip_mode: Literal["auto", "rest", "push"] = Field(
        default="auto", description="Whether WEC's timing is asked for, pushed, or pushed for as long as that works"
    )
    griiip_interval_s: float = Field(default=5.0, gt=0, description="Seconds between two rounds of questions to it")
    griiip_headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="Secret: further headers for it, such as Authorization, as a JSON object"
    )
    imsa_feed: Literal["jsonp", "ddp"] = Field(
        default="jsonp", description="Where IMSA's live timing comes from: its scoring files, or Al Kamel's server"
    )
    imsa_url: str = Field(
        default="https://dcqsrdkhg933g.cloudfront.net", pattern=_HTTP, description="Where IMSA's scoring files lie"
    )
    imsa_headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="Secret: further headers for either of these services, as a JSON object"
    )
    imsa_poll_s: float = Field(default=10.0, gt=0, description="Seconds between two rounds of the scoring files")
    alkamel_ddp_url: str = Field(
        default="wss://livetiming.alkamelsystems.com",
        pattern=r"^(wss?|https?)://[^/\s]",
        description="Al Kamel's server of IMSA's live timing",
    )
    alkamel_ddp_feed: str = Field(default="imsa", description="The name under which that server keeps the series")
    f1_username: SecretStr | None = Field(
        default=None, validation_alias="F1_USERNAME", description="Secret: F1TV account"
    )
    f1_password: SecretStr | None = Field(
        default=None, validation_alias="F1_PASSWORD", description="Secret: F1TV password"
    )
    instance_connection_name: str | None = Field(
        default=None,
        validation_alias="INSTANCE_CONNECTION_NAME",
        description="Cloud SQL: PROJECT:REGION:INSTANCE, which is the store where RACELAB_DB is not set",
    )
    db_user: str | None = Field(default=None, validation_alias="DB_USER", description="Cloud SQL: the user")
    db_pass: SecretStr | None = Field(default=None, validation_alias="DB_PASS", description="Secret: its password")
    db_name: str | None = Field(default=None, validation_alias="DB_NAME", description="Cloud SQL: the database")
    private_ip: bool = Field(
        default=False, validation_alias="PRIVATE_IP", description="Cloud SQL: connect to the instance's private address"
    )

    @property
    def store_url(self) -> str:
        """The store's URL: RACELAB_DB, else the Cloud SQL instance, else racelab.db in the data folder.

        Raises:
            StoreError: the Cloud SQL instance is named, but not the user, password or database.
        """
        if self.db:
            return self.db
        if self.instance_connection_name:
            return self._cloud_url(self.instance_connection_name)
        # In a URL these two letters of a path would mean something else.
        return f"sqlite:///{(self.data / 'racelab.db').as_posix().replace('%', '%25').replace('?', '%3F')}"

    @property
    def cloud_account(self) -> dict[str, str]:
        """The variables with which a child process reaches Cloud SQL, the password among them; empty without it."""
        secret = self.db_pass.get_secret_value() if self.db_pass else ""
        return {"DB_PASS": secret, "PRIVATE_IP": str(self.private_ip)} if self.instance_connection_name else {}

    def _cloud_url(self, instance: str) -> str:
        """A URL without the password: `store.cloudsql` adds it when it connects."""
        given = {"DB_USER": self.db_user, "DB_PASS": self.db_pass, "DB_NAME": self.db_name}
        if missing := [name for name, value in given.items() if not value]:
            raise StoreError(f"INSTANCE_CONNECTION_NAME is set, but not {', '.join(missing)}: set all of them")
        user, name = (quote(str(value), safe="") for value in (self.db_user, self.db_name))
        return f"postgresql+psycopg://{user}@/{name}?cloudsql={quote(instance, safe='')}"

    @property
    def cache_folder(self) -> Path:
        """FastF1's cache folder."""
        return self.f1_cache or self.data / "f1-cache"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once; `get_settings.cache_clear()` reads them anew."""
    return Settings()
