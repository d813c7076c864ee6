"""Who may sign in where no identity provider is there? Names and scrypt hashes, in PostgreSQL or in memory."""

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from psycopg.errors import UniqueViolation
from psycopg_pool import AsyncConnectionPool

from domain.kernel import Invalid
from infra.database import make_tables

SCHEMA = """
create table if not exists users (
    subject text primary key,
    username text not null unique,
    name text not null,
    roles text[] not null,
    password_hash text not null
)
"""
_BY = {
    "username": "select subject, username, name, roles, password_hash from users where username = %s",
    "subject": "select subject, username, name, roles, password_hash from users where subject = %s",
}
PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX = 8, 256
USERNAME_LENGTH_MAX = 100
COST, BLOCK = 2**14, 8
"""scrypt's n and r: 16 MiB and some 50 ms per attempt."""


class UsernameTaken(Invalid):
    code = "USERNAME_TAKEN"


@dataclass(frozen=True, slots=True)
class User:
    subject: str
    username: str
    name: str
    roles: frozenset[str]
    password_hash: str


def hashed(password: str, salt: bytes | None = None) -> str:
    """`scrypt$n$r$salt$hash`, salt and hash in hexadecimal."""
    salt = salt or secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, n=COST, r=BLOCK, p=1)
    return f"scrypt${COST}${BLOCK}${salt.hex()}${digest.hex()}"


def fits(password: str, password_hash: str) -> bool:
    _, n, r, salt, digest = password_hash.split("$")
    again = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=int(n), r=int(r), p=1)
    return hmac.compare_digest(again, bytes.fromhex(digest))


NOBODY = hashed(secrets.token_hex())
"""Compared with where there is no such user, so that a wrong name takes as long as a wrong password."""


async def _fitting(user: User | None, password: str) -> User | None:
    if len(password) > PASSWORD_LENGTH_MAX:
        return None
    fitting = await asyncio.to_thread(fits, password, user.password_hash if user else NOBODY)
    return user if fitting else None


async def _new(subject: str, username: str, name: str, password: str, roles: frozenset[str]) -> User:
    if not username.strip() or len(username) > USERNAME_LENGTH_MAX or "\0" in username + name + subject:
        raise Invalid(f"A username has 1 to {USERNAME_LENGTH_MAX} characters.", "username")
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise Invalid(f"A password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters.", "password")
    return User(subject, username, name, roles, await asyncio.to_thread(hashed, password))


class PostgresUsers:
    """`api.issuer.Users` in a table. Call `prepare` once."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def prepare(self) -> None:
        async with self._pool.connection() as connection:
            await make_tables(connection, SCHEMA)

    async def authenticate(self, username: str, password: str) -> User | None:
        return await _fitting(await self._one("username", username), password)

    async def by_subject(self, subject: str) -> User | None:
        return await self._one("subject", subject)

    async def by_username(self, username: str) -> User | None:
        return await self._one("username", username)

    async def create(self, subject: str, username: str, name: str, password: str, roles: frozenset[str]) -> None:
        """The same subject again with the same username renews the account. Raises `Invalid`, `UsernameTaken`."""
        user = await _new(subject, username, name, password, roles)
        try:
            async with self._pool.connection() as connection:
                await connection.execute(
                    "insert into users (subject, username, name, roles, password_hash) values (%s, %s, %s, %s, %s)"
                    " on conflict (subject) do update set username = excluded.username, name = excluded.name,"
                    " roles = excluded.roles, password_hash = excluded.password_hash",
                    (user.subject, user.username, user.name, sorted(user.roles), user.password_hash),
                )
        except UniqueViolation:
            raise UsernameTaken("Somebody else has this username.", "username") from None

    async def _one(self, column: str, value: str) -> User | None:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_BY[column], (value,))
            row = await cursor.fetchone()
        return User(row[0], row[1], row[2], frozenset(row[3]), row[4]) if row else None


class MemoryUsers:
    """The same, forgotten with the process."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}

    async def authenticate(self, username: str, password: str) -> User | None:
        user = next((user for user in self._users.values() if user.username == username), None)
        return await _fitting(user, password)

    async def by_subject(self, subject: str) -> User | None:
        return self._users.get(subject)

    async def create(self, subject: str, username: str, name: str, password: str, roles: frozenset[str]) -> None:
        user = await _new(subject, username, name, password, roles)
        if any(other.username == username and other.subject != subject for other in self._users.values()):
            raise UsernameTaken("Somebody else has this username.", "username")
        self._users[subject] = user
