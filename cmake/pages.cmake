# attnzoo_pages(TARGET FOLDER): every FOLDER/pages/*.html, with the styles and scripts it references, becomes a string in TARGET:
# attnzoo::pages::kName for name.html (some_name.html: kSomeName). See data/page.h.
function(attnzoo_pages target folder)
  file(GLOB viewers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/pages/*.html)
  foreach(viewer IN LISTS viewers)
    cmake_path(GET viewer STEM stem)
    set(source ${CMAKE_BINARY_DIR}/pages/${folder}_${stem}.cpp)
    # What a page references is not known before it is read, so any style or script may make it stale.
    file(GLOB parts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/data/pages/*.css ${CMAKE_SOURCE_DIR}/data/pages/*.js
         ${CMAKE_SOURCE_DIR}/${folder}/pages/*.css ${CMAKE_SOURCE_DIR}/${folder}/pages/*.js)
    add_custom_command(
      OUTPUT ${source}
      COMMAND ${CMAKE_COMMAND} -DVIEWER=${viewer} -DSOURCE=${source} -P ${CMAKE_SOURCE_DIR}/cmake/embed_page.cmake
      DEPENDS ${viewer} ${parts} ${CMAKE_SOURCE_DIR}/cmake/embed_page.cmake
      COMMENT "Embedding ${folder}/pages/${stem}.html"
      VERBATIM)
    set_source_files_properties(${source} PROPERTIES SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON)
    target_sources(${target} PRIVATE ${source})
  endforeach()
endfunction()
