"""Making and dropping databases on a PostgreSQL server, wherever it runs."""

import secrets
from urllib.parse import urlsplit

import psycopg
from psycopg import sql


def url_of_database(url: str, database: str) -> str:
    """Return a connection URL with its database replaced."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


class Databases:
    """The databases of the server that a maintenance URL leads to."""

    def __init__(self, url: str) -> None:
        self._url = url

    def url(self, database: str = "postgres") -> str:
        """Return the connection URL of a database."""
        return url_of_database(self._url, database)

    def create_database(
        self,
        name: str | None = None,
        *,
        extension: str | None = None,
        tablespace: str = "pg_default",
    ) -> str:
        """Create an empty database, with an extension if named, and return its URL."""
        name = name or f"test_{secrets.token_hex(6)}"
        create_database = sql.SQL("CREATE DATABASE {} TABLESPACE {}")
        self._execute(
            self._url, create_database.format(sql.Identifier(name), sql.Identifier(tablespace))
        )
        if extension:
            create = sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(extension))
            self._execute(self.url(name), create)
        return self.url(name)

    def drop_database(self, name_or_url: str) -> None:
        """Drop a database if it is there, closing the connections to it."""
        name = urlsplit(name_or_url).path.lstrip("/") if "://" in name_or_url else name_or_url
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._execute(self._url, drop.format(sql.Identifier(name)))

    def offers(self, extension: str) -> bool:
        """Whether the server has an extension's files."""
        with psycopg.connect(self._url) as connection:
            query = "SELECT FROM pg_available_extensions WHERE name = %s"
            return connection.execute(query, [extension]).fetchone() is not None

    @staticmethod
    def _execute(url: str, statement: sql.Composed) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)
