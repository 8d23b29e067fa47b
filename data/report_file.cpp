#include "data/report_file.h"

#include <nlohmann/json.hpp>

namespace attnzoo {

ReportFile::ReportFile(const std::string& option, const std::filesystem::path& path, const std::vector<std::filesystem::path>& inputs)
    : path_(path) {
  refuse_input_as_output(option, path, inputs);
  file_ = std::make_unique<AtomicFile>(path);
}

void ReportFile::write(const nlohmann::json& document, const std::function<std::string(const nlohmann::json&)>& page) {
  file_->write(path_.extension() == ".json" ? document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                                            : page(document));
  file_->commit();
}

}  // namespace attnzoo
