"""What takes the place of everything in a deployment: names, numbers and keys that follow from a seed and the originals."""

from __future__ import annotations

from pkikit.anonymise.elements.replaced_numbers import Numbers
from pkikit.anonymise.elements.replaced_parts import OtherNames
from pkikit.anonymise.naming.deployment_names import DeploymentNames
from pkikit.anonymise.naming.replaced_addresses import Addresses
from pkikit.anonymise.naming.replaced_names import Names
from pkikit.anonymise.naming.secret import Secret
from pkikit.anonymise.naming.tokens import Tokens
from pkikit.anonymise.needles import Needles, objects_of
from pkikit.anonymise.pooled_keys import PooledKeys
from pkikit.issue.lookalike.originals import Originals
from pkikit.model.deployment import Deployment


class Disguise:
    """The counterpart of a deployment and of everything that its machines have.

    `names` and `numbers` replace one thing after the other, `deployment` is the file under other names; `keys` and `transform`
    are for the engine that reissues certificates.
    """

    def __init__(
        self, deployment: Deployment, originals: Originals, needles: Needles, *, seed: int, attempt: int, shorter: int
    ) -> None:
        """Choose names, numbers and keys.

        Args:
            deployment: the original.
            originals: everything that its machines have.
            needles: what must not occur.
            seed: another seed gives other names.
            attempt: counts repetitions, if a choice contained something of the original.
            shorter: by how many letters new words are to be shorter than the old ones.

        Raises:
            LengthError: a new name breaks a limit that the old one kept.
        """
        read = objects_of(originals)
        secret = Secret(seed, [deployment.model_dump_json().encode(), *read], attempt)
        tokens = Tokens(secret, needles.words, shorter)
        self.names = Names(tokens, Addresses(secret, needles.addresses), secret)
        self.numbers = Numbers(secret)
        labels = DeploymentNames(self.names, tokens)
        self.label = labels.label
        self.deployment = labels.deployment(deployment)
        self.keys = PooledKeys(secret, originals)
        self.transform = OtherNames(self.names, self.numbers)

    def url(self, url: str) -> str:
        """Return what takes the place of a URL."""
        return self.names.uri(url)
