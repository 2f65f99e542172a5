/** The batch field of the tokens that a model scores, i32 [batch, predictions]; it scores all of them without it. */
export const PREDICTION_POSITIONS = 'predictionPositions';
