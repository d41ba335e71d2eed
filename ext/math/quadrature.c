/* quadrature.c - see quadrature.h. */
#include "math/quadrature.h"

typedef struct QuadraturePoint {
    double node, weight;
} QuadraturePoint;

/* The positive roots x of the Legendre polynomial P16, and 2 / ((1 - x^2) P16'(x)^2). */
static const QuadraturePoint quadrature_legendre[QUADRATURE_POINTS / 2] = {
    {0.9894009349916499326, 0.027152459411754094852},
    {0.94457502307323257608, 0.062253523938647892863},
    {0.86563120238783174388, 0.09515851168249278481},
    {0.7554044083550030339, 0.12462897125553387205},
    {0.61787624440264374845, 0.14959598881657673208},
    {0.45801677765722738634, 0.16915651939500253819},
    {0.28160355077925891323, 0.18260341504492358887},
    {0.095012509837637440185, 0.18945061045506849629},
};

void quadrature_panel(double low, double high, double node[QUADRATURE_POINTS],
                      double weight[QUADRATURE_POINTS]) {
    double half = 0.5 * (high - low), middle = low + half;
    for (int i = 0; i < QUADRATURE_POINTS / 2; i++) {
        int mirror = QUADRATURE_POINTS - 1 - i;
        node[i] = middle - half * quadrature_legendre[i].node;
        node[mirror] = middle + half * quadrature_legendre[i].node;
        weight[i] = weight[mirror] = half * quadrature_legendre[i].weight;
    }
}
