# All libraries of the project, collected in attnzoo::dependencies. Nothing is downloaded: missing libraries are named, with the command that
# installs them.
include(libtorch)

find_package(PkgConfig QUIET)
find_package(Threads REQUIRED)
set(attnzoo_missing "")

macro(attnzoo_need found package)
  if(NOT ${found})
    list(APPEND attnzoo_missing ${package})
  endif()
endmacro()

find_package(fmt QUIET CONFIG)
attnzoo_need(fmt_FOUND libfmt-dev)
find_package(nlohmann_json QUIET CONFIG)
attnzoo_need(nlohmann_json_FOUND nlohmann-json3-dev)
find_package(cxxopts QUIET CONFIG)
attnzoo_need(cxxopts_FOUND libcxxopts-dev)
find_package(ZLIB QUIET)
attnzoo_need(ZLIB_FOUND zlib1g-dev)
find_path(SENTENCEPIECE_INCLUDE_DIR sentencepiece_processor.h)
find_library(SENTENCEPIECE_LIBRARY sentencepiece)
find_library(SENTENCEPIECE_TRAIN_LIBRARY sentencepiece_train)
if(SENTENCEPIECE_INCLUDE_DIR AND SENTENCEPIECE_LIBRARY AND SENTENCEPIECE_TRAIN_LIBRARY)
  set(sentencepiece_FOUND TRUE)
endif()
attnzoo_need(sentencepiece_FOUND libsentencepiece-dev)
if(ATTNZOO_BUILD_TESTS)
  find_package(Catch2 QUIET CONFIG)
  attnzoo_need(Catch2_FOUND catch2)
endif()
if(attnzoo_missing)
  list(JOIN attnzoo_missing " " attnzoo_missing)
  message(FATAL_ERROR "attnzoo needs libraries that were not found. Install them with:\n  sudo apt-get install ${attnzoo_missing}\n"
    "or point CMake at your own copies with -DCMAKE_PREFIX_PATH=DIR.")
endif()

add_library(attnzoo_dependencies INTERFACE)
add_library(attnzoo::dependencies ALIAS attnzoo_dependencies)
# LibTorch's include folder has newer fmt headers that precede the system's, so fmt is used header-only.
target_link_libraries(attnzoo_dependencies INTERFACE attnzoo::torch fmt::fmt-header-only nlohmann_json::nlohmann_json cxxopts::cxxopts
  ZLIB::ZLIB ${SENTENCEPIECE_TRAIN_LIBRARY} ${SENTENCEPIECE_LIBRARY} Threads::Threads)
target_include_directories(attnzoo_dependencies SYSTEM INTERFACE ${SENTENCEPIECE_INCLUDE_DIR})
