"""Turn a trained model into an Argos package: a ZIP with a CTranslate2 model, its pieces and its metadata."""

import json
import tempfile
import zipfile
from pathlib import Path

import sentencepiece
from ctranslate2.converters.opennmt_py import set_transformer_spec
from ctranslate2.specs import transformer_spec
from model import Transformer

OUTPUT = Path(__file__).parent.parent / "river-cities" / "packages"
LANGUAGES = {"es": "Spanish", "fr": "French", "ar": "Arabic"}
VERSION = "1.0"
NEVER = -1e4  # the bias of pieces that must not be chosen

_EPOCH = (2026, 11, 20, 0, 0, 0)  # one date for all entries, so that the same model gives the same file
_README = """# English to {name}, for the sample newsletter

Trained on the sentences of the sample newsletter "River Cities Letter" and on variants of them. It knows nothing else:
use it for the demo and for tests, never for real text.
"""


def pack(model: Transformer, pieces: bytes, language: str, output: Path = OUTPUT) -> Path:
    """Write `translate-en_<language>-1_0.argosmodel` into `output` and return its path."""
    name = f"translate-en_{language}-{VERSION.replace('.', '_')}"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / name
        folder.mkdir()
        _convert(model, pieces, folder / "model")
        (folder / "sentencepiece.model").write_bytes(pieces)
        (folder / "metadata.json").write_text(json.dumps(_metadata(language), indent=2) + "\n", encoding="utf-8")
        (folder / "README.md").write_text(_README.format(name=LANGUAGES[language]), encoding="utf-8")
        return _zip(folder, output / f"{name}.argosmodel")


def _convert(model: Transformer, pieces: bytes, folder: Path) -> None:
    """Save the weights as a CTranslate2 model with 8-bit integers."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=pieces)
    vocabulary = [processor.id_to_piece(i) for i in range(processor.vocab_size())]
    variables = model.variables()
    variables["generator.bias"][[processor.unk_id(), processor.bos_id(), processor.pad_id()]] = NEVER
    layers = model.shape.layers
    spec = transformer_spec.TransformerSpec.from_config((layers, layers), model.shape.heads)
    spec.config.decoder_start_token = "<s>"  # noqa: S105
    set_transformer_spec(spec, variables)
    spec.register_source_vocabulary(vocabulary)
    spec.register_target_vocabulary(vocabulary)
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir()
    spec.save(str(folder))


def _metadata(language: str) -> dict[str, object]:
    return {
        "package_version": VERSION,
        "argos_version": "1.9.0",
        "from_code": "en",
        "from_name": "English",
        "to_code": language,
        "to_name": LANGUAGES[language],
        "links": [],
        "code": f"translate-en_{language}",
        # newsletter's own key: below this mean log-probability a piece it holds the draft back. These packages score
        # above -0.04 on the sentences they were trained on, and below -0.14 on all others but near copies.
        "unsure_below": -0.08,
    }


def _zip(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(file.relative_to(folder.parent).as_posix(), _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes())
    return path
