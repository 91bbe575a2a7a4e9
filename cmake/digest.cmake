# Writes a header that defines NAME as a digest of the C files of FOLDERS below SOURCE: of their names and bytes, in order,
# and of nothing else, so that it is the same wherever and whenever they are built. The file stays untouched when it is right.
# cmake -DSOURCE=. -DFOLDERS=sql,expr -DOUTPUT=digest.h -DNAME=WEIR_READING_DIGEST -P digest.cmake
string(REPLACE "," ";" folders "${FOLDERS}")
set(all "")
foreach(folder IN LISTS folders)
	file(GLOB files RELATIVE "${SOURCE}" "${SOURCE}/${folder}/*.[ch]")
	list(SORT files)
	foreach(file IN LISTS files)
		file(SHA256 "${SOURCE}/${file}" digest)
		string(APPEND all "${file} ${digest}\n")
	endforeach()
endforeach()
string(SHA256 digest "${all}")
file(CONFIGURE OUTPUT "${OUTPUT}" CONTENT "#define ${NAME} \"${digest}\"\n" @ONLY)
