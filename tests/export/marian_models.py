"""MarianMT directories as transformers saves them, with random weights.

    marian_models.py FOLDER LINES.source LINES.target

writes FOLDER/NAME for each name of MODELS below. Each side has a SentencePiece model of its own, learned from its lines.
"""

import json
import os
import sys

import sentencepiece
import torch
from transformers import GenerationConfig, MarianConfig, MarianMTModel, MarianTokenizer

SIZES = dict(
    d_model=64,
    encoder_layers=2,
    decoder_layers=2,
    encoder_ffn_dim=96,
    decoder_ffn_dim=96,
    encoder_attention_heads=4,
    decoder_attention_heads=4,
    max_position_embeddings=128,
    dropout=0.1,
)
MODELS = {
    # As OPUS-MT: one vocabulary and table, swish, scaled embeddings, the padding begins the decoder.
    "opus": dict(activation_function="swish", scale_embedding=True),
    # A vocabulary a side.
    "separate": dict(
        activation_function="relu", scale_embedding=True, share_encoder_decoder_embeddings=False, encoder_layers=1, decoder_layers=3
    ),
    # What transformers takes where nothing is said: gelu, embeddings as they are.
    "unscaled": dict(activation_function="gelu", encoder_ffn_dim=33),
    # Three tables.
    "untied": dict(
        activation_function="relu",
        scale_embedding=True,
        share_encoder_decoder_embeddings=False,
        tie_word_embeddings=False,
        encoder_attention_heads=2,
    ),
}


def learn_pieces(lines, prefix):
    sentencepiece.SentencePieceTrainer.train(
        input=lines, model_prefix=prefix, vocab_size=150, character_coverage=1.0, hard_vocab_limit=False, minloglevel=3
    )
    processor = sentencepiece.SentencePieceProcessor(model_file=prefix + ".model")
    return [processor.id_to_piece(i) for i in range(processor.get_piece_size())]


def vocabulary(*sides):
    """</s> and <unk> first, then what the sides have, <pad> last: as Marian's vocabularies are."""
    pieces = ["</s>", "<unk>"] + [">>deu<<"]
    for side in sides:
        pieces += [piece for piece in side if piece not in pieces]
    return {piece: i for i, piece in enumerate(pieces + ["<pad>"])}


def make(folder, name, options, source, target):
    separate = options.get("share_encoder_decoder_embeddings") is False and options.get("tie_word_embeddings", True)
    path = os.path.join(folder, name)
    os.makedirs(path)
    vocab = vocabulary(source) if separate else vocabulary(source, target)
    target_vocab = vocabulary(target) if separate else vocab
    for file, content in (("vocab.json", vocab), ("target_vocab.json", target_vocab)):
        if separate or file == "vocab.json":
            with open(os.path.join(path, file), "w", encoding="utf-8") as out:
                json.dump(content, out)
    tokenizer = MarianTokenizer(
        source_spm=os.path.join(folder, "source.model"),
        target_spm=os.path.join(folder, "target.model"),
        vocab=os.path.join(path, "vocab.json"),
        target_vocab_file=os.path.join(path, "target_vocab.json") if separate else None,
        separate_vocabs=separate,
    )
    tokenizer.save_pretrained(path)
    pad = target_vocab["<pad>"]
    config = MarianConfig(
        **{
            **SIZES,
            "vocab_size": len(vocab),
            "decoder_vocab_size": len(target_vocab),
            "pad_token_id": pad,
            "decoder_start_token_id": pad,
            "eos_token_id": 0,
            "forced_eos_token_id": 0,
            **options,
        }
    )
    torch.manual_seed(len(name))
    model = MarianMTModel(config)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "embed_positions" not in key:
                parameter.add_(torch.randn_like(parameter) * (0.3 if parameter.dim() == 2 else 0.1))
        model.final_logits_bias.copy_(torch.randn_like(model.final_logits_bias) * 0.3)
        model.final_logits_bias[0, 0] += 3.0  # or a random model hardly ever ends
    model.generation_config = GenerationConfig(
        decoder_start_token_id=pad, pad_token_id=pad, eos_token_id=0, forced_eos_token_id=0, bad_words_ids=[[pad]], num_beams=4
    )
    model.save_pretrained(path)


def main(folder, source_lines, target_lines):
    source = learn_pieces(source_lines, os.path.join(folder, "source"))
    target = learn_pieces(target_lines, os.path.join(folder, "target"))
    for name, options in MODELS.items():
        make(folder, name, options, source, target)


main(*sys.argv[1:])
