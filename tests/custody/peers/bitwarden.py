"""The server side of Bitwarden, as far as its official command line asks: it holds ciphertext and opens none of it.

The account's keys are made here once, as a client makes them at registration; from then on everything that is stored
is what the official client encrypted.
"""

import base64
import hashlib
import hmac
import json
import os
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
EMAIL = "vault@example.com"
PASSWORD = "correct horse battery staple"
ITERATIONS = 5000
USER = str(uuid.UUID(int=7))


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _sealed(plain: bytes, key: bytes) -> str:
    """Bitwarden's encryption type 2: AES-256-CBC with HMAC-SHA256."""
    iv = os.urandom(16)
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key[:32]), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    return f"2.{_b64(iv)}|{_b64(sealed)}|{_b64(hmac.digest(key[32:], iv + sealed, 'sha256'))}"


def _stretched(master: bytes) -> bytes:
    return b"".join(HKDFExpand(hashes.SHA256(), 32, info).derive(master) for info in (b"enc", b"mac"))


@dataclass
class BitwardenServer:
    """One account, and its ciphers as they came."""

    ciphers: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    silent: bool = False
    """Whether it takes a new cipher and does not answer."""

    def __post_init__(self) -> None:
        self._changed()
        master = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), EMAIL.encode(), ITERATIONS, 32)
        self._proof = _b64(hashlib.pbkdf2_hmac("sha256", master, PASSWORD.encode(), 1, 32))
        user_key = os.urandom(64)
        self._key = _sealed(user_key, _stretched(master))
        pair = rsa.generate_private_key(65537, 2048)
        self._private = _sealed(
            pair.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            user_key,
        )
        self._public = _b64(
            pair.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        )

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._noted])
        app.router.add_get("/api/config", self._config)
        app.router.add_post("/identity/accounts/prelogin/password", self._prelogin)
        app.router.add_post("/identity/accounts/prelogin", self._prelogin)
        app.router.add_post("/identity/connect/token", self._token)
        app.router.add_get("/api/accounts/revision-date", self._revision)
        app.router.add_post("/api/accounts/key-management/user-key-id", self._nothing)
        app.router.add_get("/api/sync", self._sync)
        app.router.add_post("/api/ciphers", self._create)
        app.router.add_get("/api/ciphers/{id}", self._read)
        app.router.add_delete("/api/ciphers/{id}", self._delete)
        return app

    @web.middleware
    async def _noted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        return await handler(request)

    async def _config(self, request: web.Request) -> web.Response:
        base = f"https://{request.host}"
        places = {"vault": base, "api": f"{base}/api", "identity": f"{base}/identity"}
        said = {"object": "config", "version": "2026.9.0", "gitHash": "0", "server": None, "environment": places}
        return web.json_response(said | {"featureStates": {}, "settings": {"disableUserRegistration": True}})

    async def _prelogin(self, request: web.Request) -> web.Response:
        kdf = {"kdfType": 0, "iterations": ITERATIONS, "memory": None, "parallelism": None}
        return web.json_response({"kdf": 0, "kdfIterations": ITERATIONS, "kdfSettings": kdf, "salt": EMAIL})

    async def _token(self, request: web.Request) -> web.Response:
        asked = await request.post()
        if asked.get("grant_type") == "password" and asked.get("password") != self._proof:
            return web.json_response({"error": "invalid_grant", "ErrorModel": {"Message": "no"}}, status=400)
        claims = {
            "sub": USER,
            "email": EMAIL,
            "email_verified": True,
            "name": "V",
            "premium": True,
            "sstamp": "s",
            "amr": ["Application"],
            "scope": ["api", "offline_access"],
            "iss": "https://identity",
            "nbf": 1700000000,
            "exp": 4102444800,
            "client_id": "cli",
        }
        parts = ({"alg": "none", "typ": "JWT"}, claims)
        token = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        return web.json_response(
            {
                "access_token": f"{token}.x",
                "refresh_token": "refresh",
                "expires_in": 3600000,
                "token_type": "Bearer",
                "scope": "api offline_access",
                "Key": self._key,
                "PrivateKey": self._private,
                "Kdf": 0,
                "KdfIterations": ITERATIONS,
                "ResetMasterPassword": False,
                "ForcePasswordReset": False,
                "MasterPasswordPolicy": {"Object": "masterPasswordPolicy"},
                "UserDecryptionOptions": {
                    "Object": "userDecryptionOptions",
                    "HasMasterPassword": True,
                    "MasterPasswordUnlock": {
                        "Kdf": {"KdfType": 0, "Iterations": ITERATIONS},
                        "MasterKeyEncryptedUserKey": self._key,
                        "Salt": EMAIL,
                    },
                },
                "AccountKeys": self._account_keys(),
            }
        )

    def _account_keys(self) -> dict[str, Any]:
        pair = {"wrappedPrivateKey": self._private, "publicKey": self._public, "signedPublicKey": None}
        return {"publicKeyEncryptionKeyPair": pair | {"object": "publicKeyEncryptionKeyPair"}, "object": "privateKeys"}

    async def _revision(self, request: web.Request) -> web.Response:
        return web.json_response(self._revised)

    def _changed(self) -> None:
        """Note when what is here changed last, in milliseconds: a sync that is not forced reads nothing older."""
        self._revised = int(datetime.now(UTC).timestamp() * 1000)

    async def _nothing(self, request: web.Request) -> web.Response:
        return web.Response(status=200)

    async def _sync(self, request: web.Request) -> web.Response:
        profile = {
            "object": "profile",
            "id": USER,
            "email": EMAIL,
            "emailVerified": True,
            "name": "V",
            "premium": True,
            "premiumFromOrganization": False,
            "culture": "en-US",
            "twoFactorEnabled": False,
            "key": self._key,
            "privateKey": self._private,
            "accountKeys": self._account_keys(),
            "securityStamp": "s",
            "forcePasswordReset": False,
            "usesKeyConnector": False,
            "verifyDevices": False,
            "avatarColor": None,
            "creationDate": "2026-01-01T00:00:00Z",
            "organizations": [],
            "providers": [],
            "providerOrganizations": [],
        }
        unlock = {
            "kdf": {"kdfType": 0, "iterations": ITERATIONS},
            "masterKeyEncryptedUserKey": self._key,
            "salt": EMAIL,
        }
        return web.json_response(
            {
                "object": "sync",
                "profile": profile,
                "folders": [],
                "collections": [],
                "ciphers": list(self.ciphers.values()),
                "domains": {"object": "domains", "equivalentDomains": [], "globalEquivalentDomains": []},
                "policies": [],
                "sends": [],
                "userDecryption": {"masterPasswordUnlock": unlock},
            }
        )

    async def _create(self, request: web.Request) -> web.Response:
        sent = await request.json()
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        cipher = sent | {
            "object": "cipherDetails",
            "id": str(uuid.uuid4()),
            "organizationId": None,
            "collectionIds": [],
            "attachments": None,
            "passwordHistory": None,
            "creationDate": now,
            "revisionDate": now,
            "deletedDate": None,
            "archivedDate": None,
            "organizationUseTotp": False,
            "edit": True,
            "viewPassword": True,
            "permissions": {"delete": True, "restore": True},
        }
        self.ciphers[cipher["id"]] = cipher
        self._changed()
        if self.silent:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(cipher)

    async def _read(self, request: web.Request) -> web.Response:
        found = self.ciphers.get(request.match_info["id"])
        return web.json_response({}, status=404) if found is None else web.json_response(found)

    async def _delete(self, request: web.Request) -> web.Response:
        self.ciphers.pop(request.match_info["id"], None)
        self._changed()
        return web.Response(status=200)
