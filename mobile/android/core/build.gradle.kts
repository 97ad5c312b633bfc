// The bindings, made by ../bind/android.sh. A library can't depend on an .aar file, but on
// a project that hands it on.
configurations.maybeCreate("default")
artifacts.add("default", file("toller-core.aar"))
