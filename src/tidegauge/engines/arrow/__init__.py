"""The kernels: Arrow columns in, feature profiles out; numpy computes, no row becomes an object."""
