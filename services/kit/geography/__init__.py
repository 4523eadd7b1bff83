"""Official French geography (INSEE, DGCL, La Poste): communes, EPCI, départements, regions."""

from services.kit.geography.geography import Geography
from services.kit.geography.names import fold
from services.kit.geography.places import Commune, Departement, Epci, Region

__all__ = ["Commune", "Departement", "Epci", "Geography", "Region", "fold"]
