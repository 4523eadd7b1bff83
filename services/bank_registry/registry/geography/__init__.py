"""Official French geography (INSEE, DGCL, La Poste): communes, EPCI, départements, regions."""

from services.bank_registry.registry.geography.folding import fold
from services.bank_registry.registry.geography.lookup import Geography
from services.bank_registry.registry.geography.places import Commune, Departement, Epci, Region

__all__ = ["Commune", "Departement", "Epci", "Geography", "Region", "fold"]
