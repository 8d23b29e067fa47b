# attnzoo_folder(NAME [DEPENDS FOLDER ...]): library attnzoo_NAME (alias attnzoo::NAME) from NAME/**.cpp, one program for each
# NAME/programs/*.cpp, named after the file. The first folder owns the precompiled header; the others reuse it.
function(attnzoo_folder name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.cpp)
  set(programs ${sources})
  list(FILTER programs INCLUDE REGEX "/programs/")
  list(FILTER sources EXCLUDE REGEX "/programs/")

  add_library(attnzoo_${name} STATIC ${sources})
  add_library(attnzoo::${name} ALIAS attnzoo_${name})
  target_link_libraries(attnzoo_${name} PUBLIC attnzoo::options attnzoo::dependencies)
  foreach(dependency IN LISTS arg_DEPENDS)
    target_link_libraries(attnzoo_${name} PUBLIC attnzoo::${dependency})
  endforeach()
  attnzoo_precompiled_header(attnzoo_${name})
  if(name STREQUAL data)
    attnzoo_without_precompiled_header(${sources})
  endif()

  foreach(program IN LISTS programs)
    cmake_path(GET program STEM target)
    add_executable(${target} ${program})
    target_link_libraries(${target} PRIVATE attnzoo::${name})
    attnzoo_precompiled_header(${target})
  endforeach()
endfunction()

# The one source that knows the project's version.
set_source_files_properties(${CMAKE_SOURCE_DIR}/data/command_line.cpp PROPERTIES COMPILE_DEFINITIONS ATTNZOO_VERSION="${PROJECT_VERSION}")

# Loading the precompiled header costs 3 s a source, more than parsing what text code includes: sources that include no LibTorch go without.
# One that comes to include it still compiles, slowly; add it to this list then.
set(ATTNZOO_TORCH_IN_TEXT_FOLDERS batch batches batch_stream epoch_plan prepare_stages command_line attnzoo-data batches_test command_line_test)
function(attnzoo_without_precompiled_header)
  foreach(source IN LISTS ARGN)
    cmake_path(GET source STEM name)
    if(NOT name IN_LIST ATTNZOO_TORCH_IN_TEXT_FOLDERS)
      set_source_files_properties(${source} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    endif()
  endforeach()
endfunction()

# One precompiled header for the whole project, compiled once: attnzoo_pch owns it, every target reuses it.
function(attnzoo_precompiled_header target)
  if(NOT TARGET attnzoo_pch)
    file(WRITE ${CMAKE_BINARY_DIR}/pch.cpp "")
    add_library(attnzoo_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cpp)
    target_link_libraries(attnzoo_pch PUBLIC attnzoo::options attnzoo::dependencies)
    target_precompile_headers(attnzoo_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.h)
  endif()
  target_precompile_headers(${target} REUSE_FROM attnzoo_pch)
endfunction()
