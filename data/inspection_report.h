// The page of attnzoo-data inspect --report (data/pages/inspection.html) and its data. Its size is bounded: counts are summed up, and the
// number and the length of examples are limited, whatever the size of the text.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "data/inspect.h"
#include "data/progress.h"

namespace attnzoo {

// `name` is what the page calls the recipe. The training text is read up to two times more. Throws DataError where it has changed since.
nlohmann::json inspection_report(const Inspection& inspection, const PreparedData& data, const DataConfig& config, const std::string& name,
                                 Progress* progress = nullptr);

// What belongs into `file`: the page that shows such a document, or for FILE.json the document.
std::string inspection_content(const std::filesystem::path& file, const nlohmann::json& document);

}  // namespace attnzoo
