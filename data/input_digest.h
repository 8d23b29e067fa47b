// Digests that show whether the input of a prepared corpus has changed.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "data/sources.h"

namespace attnzoo {

// 16 hexadecimal digits over the canonical text of `value`.
std::string digest_of(const nlohmann::json& value);

// What identifies the text of `config`: its settings and, for each file of whatever form, size and CRC-32 of the content. For a file of 1
// GiB or more the CRC covers only 16 blocks of 1 MiB spread over it, and the time of its last change is added. Throws DataError for
// unreadable files.
nlohmann::json identity_of(const SourceConfig& config);

}  // namespace attnzoo
