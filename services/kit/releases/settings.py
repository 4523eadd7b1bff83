"""Settings of a server that deploys packages."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from services.kit.access import is_loopback
from services.kit.releases.ledger import RELEASE_CHAIN
from services.kit.releases.signature import read_folder
from services.kit.releases.trust_store import TrustStore, Wanted
from services.kit.serve import StoreSettings
from services.kit.store import Database, KeyPlan, StoreSet, open_ring


class ReleaseSettings(StoreSettings):
    """What a server that deploys packages reads too: recorded at the first use of a store, then compared."""

    public_keys_directory: Path | None = Field(
        None,
        description="Clés publiques Ed25519 (*.pem) qui signent tout paquet ; vide : celles de la base.",
    )
    two_person_rule: bool | None = Field(
        None,
        description="Exiger que la personne qui met une version en vigueur ne soit pas celle qui l’a "
        "publiée ; vide : ce que dit la base, ou oui si d’autres machines peuvent joindre le serveur.",
    )

    def trust(self, stores: StoreSet, plan: KeyPlan) -> TrustStore:
        """The keys and the policy of a store that exists; StartupError."""
        stores.check(act=True)
        database = Database(self.database_url)
        ring = open_ring(database, self.master_key_file, plan.owner)
        return TrustStore(database, ring.seal(RELEASE_CHAIN))

    def wanted(self) -> Wanted:
        """What these settings ask of the store; StartupError if the folder of keys is not one."""
        folder, asked = self.public_keys_directory, self.two_person_rule
        keys = None if folder is None else read_folder(folder)
        return Wanted(keys, True if asked is None and not is_loopback(self.host) else asked)
