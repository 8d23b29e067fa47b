# Build options, compiler flags for attnzoo::options, ccache.
option(ATTNZOO_BUILD_TESTS "Build the test programs" ON)
option(ATTNZOO_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" OFF)
set(ATTNZOO_SANITIZE "" CACHE STRING "Sanitizers to build with, for example address,undefined")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

add_library(attnzoo_options INTERFACE)
add_library(attnzoo::options ALIAS attnzoo_options)
target_compile_options(attnzoo_options INTERFACE -Wall -Wextra $<$<BOOL:${ATTNZOO_WARNINGS_AS_ERRORS}>:-Werror>)
# Nothing here uses floating-point traps. To preserve them, g++ would not vectorise loops with a conditional (x < 0 ? .. : ..): the LSTM's activations
# took 6 % of a training step.
target_compile_options(attnzoo_options INTERFACE -fno-trapping-math)
target_include_directories(attnzoo_options INTERFACE ${CMAKE_SOURCE_DIR})
if(ATTNZOO_SANITIZE)
  # Without vptr, which needs type information that LibTorch does not export.
  target_compile_options(attnzoo_options INTERFACE -fsanitize=${ATTNZOO_SANITIZE} -fno-sanitize=vptr -fno-omit-frame-pointer)
  target_link_options(attnzoo_options INTERFACE -fsanitize=${ATTNZOO_SANITIZE})
endif()

# LibTorch's parallel loops are templates that spread work only in sources compiled with OpenMP (data/parallel.h). GNU's runtime is the one that LibTorch
# loads, so the process has one pool of threads; another compiler's would be a second.
find_package(OpenMP QUIET COMPONENTS CXX)
if(OpenMP_CXX_FOUND AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  target_link_libraries(attnzoo_options INTERFACE OpenMP::OpenMP_CXX)
  target_compile_definitions(attnzoo_options INTERFACE ATTNZOO_OPENMP)
else()
  message(STATUS "attnzoo: without g++'s OpenMP, attnzoo's own loops run on one thread; LibTorch's matrix products still use all")
endif()

find_program(ATTNZOO_CCACHE ccache)
if(ATTNZOO_CCACHE)
  # Needed to cache precompiled headers: their defines and time stamps are left out of the hash. CCACHE_DEPEND takes included files from the compiler
  # instead of running the preprocessor first.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_DEPEND=true ${ATTNZOO_CCACHE})
  target_compile_options(attnzoo_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()
