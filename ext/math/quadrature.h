/* quadrature.h - Gauss-Legendre integration over one panel. */
#ifndef MATH_QUADRATURE_H
#define MATH_QUADRATURE_H

enum { QUADRATURE_POINTS = 16 };

/* The nodes and weights for [low, high], ascending: sum(weight * f(node)) is the integral of f,
 * exact for polynomials up to degree 31.  Wide or steep integrands want several panels. */
void quadrature_panel(double low, double high, double node[QUADRATURE_POINTS],
                      double weight[QUADRATURE_POINTS]);

#endif
