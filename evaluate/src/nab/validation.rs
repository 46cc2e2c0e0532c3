//! NAB's figure with everything settled on other files than those it is measured on.
