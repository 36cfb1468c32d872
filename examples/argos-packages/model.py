"""A small Transformer whose weights carry the names CTranslate2's OpenNMT-py converter looks for.

Pre-norm, shared embeddings for source, target and output, sinusoidal positions. Shapes: B sentences, S source pieces,
T target pieces, D model width.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How large the model is; the default gives a package of about 1.3 MB."""

    vocabulary: int
    padding: int
    width: int = 128
    inner: int = 512
    heads: int = 4
    layers: int = 2
    positions: int = 300
    dropout: float = 0.1


class Attention(nn.Module):
    """Multi-head attention."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.linear_query = nn.Linear(shape.width, shape.width)
        self.linear_keys = nn.Linear(shape.width, shape.width)
        self.linear_values = nn.Linear(shape.width, shape.width)
        self.final_linear = nn.Linear(shape.width, shape.width)

    def forward(self, query: Tensor, memory: Tensor, *, mask: Tensor | None = None, causal: bool = False) -> Tensor:
        attended = functional.scaled_dot_product_attention(
            self._split(self.linear_query(query)),
            self._split(self.linear_keys(memory)),
            self._split(self.linear_values(memory)),
            attn_mask=mask,
            is_causal=causal,
        )
        joined: Tensor = self.final_linear(attended.transpose(1, 2).flatten(2))
        return joined

    def _split(self, states: Tensor) -> Tensor:
        sentences, length, width = states.shape
        return states.view(sentences, length, self.heads, width // self.heads).transpose(1, 2)


class FeedForward(nn.Module):
    """The position-wise network, with its own norm and residual."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(shape.width, eps=1e-6)
        self.w_1 = nn.Linear(shape.width, shape.inner)
        self.w_2 = nn.Linear(shape.inner, shape.width)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, states: Tensor) -> Tensor:
        inner = functional.relu(self.w_1(self.layer_norm(states)))
        result: Tensor = states + self.dropout(self.w_2(inner))
        return result


class EncoderLayer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn = Attention(shape)
        self.layer_norm = nn.LayerNorm(shape.width, eps=1e-6)
        self.feed_forward = FeedForward(shape)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        normed = self.layer_norm(states)
        states = states + self.dropout(self.self_attn(normed, normed, mask=mask))
        result: Tensor = self.feed_forward(states)
        return result


class DecoderLayer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn = Attention(shape)
        self.context_attn = Attention(shape)
        self.layer_norm_1 = nn.LayerNorm(shape.width, eps=1e-6)
        self.layer_norm_2 = nn.LayerNorm(shape.width, eps=1e-6)
        self.feed_forward = FeedForward(shape)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, states: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        normed = self.layer_norm_1(states)
        states = states + self.dropout(self.self_attn(normed, normed, causal=True))
        states = states + self.dropout(self.context_attn(self.layer_norm_2(states), memory, mask=mask))
        result: Tensor = self.feed_forward(states)
        return result


class Encoder(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.transformer = nn.ModuleList(EncoderLayer(shape) for _ in range(shape.layers))
        self.layer_norm = nn.LayerNorm(shape.width, eps=1e-6)


class Decoder(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.transformer_layers = nn.ModuleList(DecoderLayer(shape) for _ in range(shape.layers))
        self.layer_norm = nn.LayerNorm(shape.width, eps=1e-6)


class Transformer(nn.Module):
    """Pieces in, logits over the pieces out."""

    positions: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width, padding_idx=shape.padding)
        self.encoder = Encoder(shape)
        self.decoder = Decoder(shape)
        self.bias = nn.Parameter(torch.zeros(shape.vocabulary))
        self.dropout = nn.Dropout(shape.dropout)
        self.register_buffer("positions", _positions(shape.positions, shape.width))
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        nn.init.normal_(self.embedding.weight, std=shape.width**-0.5)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """[B, S] and [B, T] piece numbers to [B, T, vocabulary] logits."""
        mask = (source != self.shape.padding)[:, None, None, :]
        memory = self._embed(source)
        for layer in self.encoder.transformer:
            memory = layer(memory, mask)
        memory = self.encoder.layer_norm(memory)
        states = self._embed(target)
        for layer in self.decoder.transformer_layers:
            states = layer(states, memory, mask)
        return functional.linear(self.decoder.layer_norm(states), self.embedding.weight, self.bias)

    def _embed(self, pieces: Tensor) -> Tensor:
        scaled = self.embedding(pieces) * math.sqrt(self.shape.width)
        result: Tensor = self.dropout(scaled + self.positions[: pieces.shape[1]])
        return result

    def variables(self) -> dict[str, Tensor]:
        """Copies of the weights under OpenNMT-py's names; the converter works in place."""
        renamed = {"embedding.weight", "bias", "positions"}
        weights = {name: value.clone() for name, value in self.state_dict().items() if name not in renamed}
        embedding, bias = self.embedding.weight.detach(), self.bias.detach()
        for side in ("encoder", "decoder"):
            prefix = f"{side}.embeddings.make_embedding"
            weights[f"{prefix}.emb_luts.0.weight"] = embedding.clone()
            weights[f"{prefix}.pe.pe"] = self.positions.unsqueeze(1).clone()
        weights["generator.weight"] = embedding.clone()
        weights["generator.bias"] = bias.clone()
        return weights


def _positions(count: int, width: int) -> Tensor:
    """Interleaved sine and cosine, as OpenNMT-py has them. One row a position."""
    steps = torch.arange(0, width, 2).float() * -(math.log(10000.0) / width)
    angles = torch.arange(count).unsqueeze(1).float() * torch.exp(steps)
    return torch.stack((angles.sin(), angles.cos()), dim=2).flatten(1)
