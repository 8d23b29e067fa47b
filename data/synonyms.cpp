#include "data/synonyms.h"

#include <algorithm>
#include <string_view>

namespace attnzoo {
namespace {

struct Synonym {
  std::string_view typed;  // without '_'
  std::string_view meant;
};

// Names of PyTorch, Hugging Face, fairseq, OpenNMT, Marian, Sockeye and JoeyNMT. Where one name may mean several, the first that is among
// the candidates is taken.
constexpr Synonym kSynonyms[] = {
    {"hiddensize", "dim"},
    {"hiddendim", "dim"},
    {"hidden", "dim"},
    {"rnnsize", "dim"},
    {"rnnnumhidden", "dim"},
    {"dimrnn", "dim"},
    {"dmodel", "dim"},
    {"modeldim", "dim"},
    {"modelsize", "dim"},
    {"transformermodelsize", "dim"},
    {"width", "dim"},
    {"size", "dim"},
    {"units", "dim"},
    {"nembd", "dim"},
    {"embeddingsize", "embedding_dim"},
    {"embeddingsize", "dim"},
    {"embedsize", "embedding_dim"},
    {"embedsize", "dim"},
    {"embeddim", "embedding_dim"},
    {"embeddim", "dim"},
    {"embsize", "embedding_dim"},
    {"embsize", "dim"},
    {"dimemb", "embedding_dim"},
    {"dimemb", "dim"},
    {"wordvecsize", "embedding_dim"},
    {"wordvecsize", "dim"},
    {"dff", "feed_forward_dim"},
    {"ffdim", "feed_forward_dim"},
    {"ffsize", "feed_forward_dim"},
    {"ffndim", "feed_forward_dim"},
    {"ffnembeddim", "feed_forward_dim"},
    {"ffnhiddensize", "feed_forward_dim"},
    {"feedforwardsize", "feed_forward_dim"},
    {"dimfeedforward", "feed_forward_dim"},
    {"intermediatesize", "feed_forward_dim"},
    {"transformerff", "feed_forward_dim"},
    {"transformerdimffn", "feed_forward_dim"},
    {"numlayers", "layers"},
    {"nlayers", "layers"},
    {"nlayer", "layers"},
    {"numhiddenlayers", "layers"},
    {"depth", "layers"},
    {"numencoderlayers", "encoder_layers"},
    {"numdecoderlayers", "decoder_layers"},
    {"enclayers", "encoder_layers"},
    {"declayers", "decoder_layers"},
    {"encdepth", "encoder_layers"},
    {"decdepth", "decoder_layers"},
    {"nhead", "num_heads"},
    {"nhead", "attention_heads"},
    {"nheads", "num_heads"},
    {"nheads", "attention_heads"},
    {"heads", "num_heads"},
    {"heads", "attention_heads"},
    {"attentionheads", "num_heads"},
    {"numheads", "attention_heads"},
    {"numattentionheads", "num_heads"},
    {"numattentionheads", "attention_heads"},
    {"transformerheads", "num_heads"},
    {"numkeyvalueheads", "num_kv_heads"},
    {"hiddendropoutprob", "dropout"},
    {"dropoutrate", "dropout"},
    {"dropoutprob", "dropout"},
    {"dropoutp", "dropout"},
    {"pdropout", "dropout"},
    {"attentionprobsdropoutprob", "attention_dropout"},
    {"reludropout", "activation_dropout"},
    {"activationfunction", "activation"},
    {"hiddenact", "activation"},
    {"layerdrop", "layer_drop"},
    {"rnntype", "cell"},
    {"rnncell", "cell"},
    {"celltype", "cell"},
    {"globalattention", "attention"},
    {"attentiontype", "attention"},
    {"copyattn", "copy"},
    {"coverageattn", "coverage"},
    {"lambdacoverage", "coverage_loss"},
    {"type", "family"},
    {"type", "kind"},
    {"name", "family"},
    {"name", "kind"},
    {"arch", "family"},
    {"architecture", "family"},
    {"modeltype", "family"},
    {"model", "family"},
    {"model", "kind"},
    {"gru", "attention-gru"},
    {"lstm", "attention-lstm"},
    {"rnn", "attention-rnn"},
    {"seq2seq", "attention-lstm"},
    {"s2s", "attention-lstm"},
    {"bahdanau", "additive"},
    {"concat", "additive"},
    {"mlp", "additive"},
    {"luong", "general"},
    {"lm", "language-model"},
    {"gpt", "language-model"},
    {"transformerlm", "language-model"},
    {"fasttext", "bag-of-words"},
    {"pointer", "pointer-generator"},
    {"rnn", "recurrent"},
    {"lstm", "recurrent"},
    {"gru", "recurrent"},
    {"rope", "rotary"},
    {"swish", "silu"},
    {"vocabsize", "vocabulary_size"},
    {"numtokens", "vocabulary_size"},
    {"sharedvocab", "joint"},
    {"sharevocab", "joint"},
    {"joineddictionary", "joint"},
    {"shareembeddings", "tied_embeddings"},
    {"tieembeddings", "tied_embeddings"},
    {"tiedembeddingsall", "tied_embeddings"},
    {"bpe", "sentencepiece-bpe"},
    {"subwordnmt", "sentencepiece-bpe"},
    {"unigram", "sentencepiece-unigram"},
    {"sentencepiece", "sentencepiece-unigram"},
    {"spm", "sentencepiece-unigram"},
    {"wordpiece", "sentencepiece-bpe"},
    {"sentencepieceword", "words"},
    {"whitespace", "words"},
    {"space", "words"},
    {"sentencepiecechar", "characters"},
    {"sentencepiececharacters", "characters"},
    {"char", "characters"},
    {"chars", "characters"},
    {"lr", "learning_rate"},
    {"batchsize", "batch_tokens"},
    {"maxtokens", "batch_tokens"},
    {"batchtype", "batch_tokens"},
    {"gradaccum", "accumulate"},
    {"accumcount", "accumulate"},
    {"updatefreq", "accumulate"},
    {"gradientaccumulationsteps", "accumulate"},
    {"gradclip", "clip_norm"},
    {"maxgradnorm", "clip_norm"},
    {"clipgradnorm", "clip_norm"},
    {"epochs", "max_epochs"},
    {"numepochs", "max_epochs"},
    {"numtrainepochs", "max_epochs"},
    {"steps", "max_steps"},
    {"trainsteps", "max_steps"},
    {"maxupdate", "max_steps"},
    {"warmup", "warmup_steps"},
    {"lrwarmup", "warmup_steps"},
    {"warmupupdates", "warmup_steps"},
    {"lrscheduler", "schedule"},
    {"decaymethod", "schedule"},
    {"optim", "optimizer"},
    {"optimiser", "optimizer"},
    {"evalsteps", "validate_every"},
    {"validsteps", "validate_every"},
    {"validfreq", "validate_every"},
    {"savesteps", "validate_every"},
    {"loggingsteps", "report_every"},
    {"dispfreq", "report_every"},
    {"keepcheckpoint", "keep"},
    {"savetotallimit", "keep"},
    {"exponentialsmoothing", "ema_decay"},
    {"ema", "ema_decay"},
    {"randomseed", "seed"},
    {"eps", "epsilon"},
    {"noam", "inverse_sqrt"},
};

std::string squeezed(std::string text) {
  std::erase(text, '_');
  return text;
}

std::string synonym_of(const std::string& stem, const std::string& prefix, const std::vector<std::string>& candidates) {
  for (const auto& [typed, meant] : kSynonyms) {
    if (typed != stem) continue;
    const auto found = std::find(candidates.begin(), candidates.end(), prefix + std::string(meant));
    if (found != candidates.end()) return *found;
  }
  return "";
}

}  // namespace

std::string synonym_among(const std::string& typed, const std::vector<std::string>& candidates) {
  if (auto found = synonym_of(squeezed(typed), "", candidates); !found.empty()) return found;
  for (const std::string prefix : {"encoder_", "decoder_", "enc_", "dec_"})
    if (typed.starts_with(prefix))
      if (auto found = synonym_of(squeezed(typed.substr(prefix.size())), prefix.substr(0, 3) + "oder_", candidates); !found.empty())
        return found;
  return "";
}

}  // namespace attnzoo
