// What the generated headers want of Apple's Foundation, for a compiler without it.
#pragma once
#define FOUNDATION_EXPORT extern

typedef signed char BOOL;
typedef int int32_t;
typedef long long int64_t;

@protocol NSObject
@end

__attribute__((objc_root_class))
@interface NSObject <NSObject>
- (instancetype)init;
+ (instancetype)new;
@end

@interface NSString : NSObject
@end

@interface NSData : NSObject
@end

@interface NSError : NSObject
@end
