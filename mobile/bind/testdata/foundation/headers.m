// Uses the generated headers as an app does.
#import "TollerMobile.objc.h"
#import "TollerBuiltin.objc.h"

@interface Reporter : NSObject <TollerMobileProgress>
@end

@implementation Reporter
- (BOOL)report:(long)done total:(long)total error:(NSError *_Nullable *_Nullable)error {
	return done <= total;
}
@end

long capital(NSString *query, NSError **error) {
	TollerMobileModel *model = TollerMobileOpenBuiltin(0, error);
	TollerMobileTexts *texts = TollerMobileNewTexts();
	[texts add:query];
	TollerMobileRanking *ranking = [model rank:query texts:texts topK:1 progress:[Reporter new] cancel:[TollerMobileCancel new] error:error];
	return [ranking at:0 error:error].index;
}
