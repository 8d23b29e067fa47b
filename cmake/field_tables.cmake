# attnzoo_field_tables(TARGET): the READMEs with the tables of recipe fields, as strings in TARGET: attnzoo::field_tables::kData, kModels, kTrain. For
# attnzoo-train --fields, so that values and meaning of a field are written down once.
function(attnzoo_field_tables target)
  set(source ${CMAKE_BINARY_DIR}/field_tables.cpp)
  set(readmes "")
  foreach(folder data models train)
    list(APPEND readmes ${CMAKE_SOURCE_DIR}/${folder}/README.md)
  endforeach()
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} "-DREADMES=${readmes}" -DSOURCE=${source} -P ${CMAKE_SOURCE_DIR}/cmake/embed_readmes.cmake
    DEPENDS ${readmes} ${CMAKE_SOURCE_DIR}/cmake/embed_readmes.cmake
    COMMENT "Embedding the tables of recipe fields"
    VERBATIM)
  set_source_files_properties(${source} PROPERTIES SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON)
  target_sources(${target} PRIVATE ${source})
endfunction()
