"""Reference data of the world out of installed packages: country facts and a gazetteer."""
