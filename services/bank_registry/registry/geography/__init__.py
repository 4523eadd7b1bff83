"""Official French geography (INSEE, DGCL, La Poste): communes, EPCI, départements, regions."""

from services.bank_registry.registry.geography.lookup import (
    Commune,
    Departement,
    Epci,
    Geography,
    Region,
    fold,
)
