// swift-tools-version: 5.9
import PackageDescription

// TollerCore.xcframework is made by ../bind/ios.sh, which puts it here.
let package = Package(
    name: "Toller",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "Toller", targets: ["Toller"])],
    targets: [
        .binaryTarget(name: "TollerCore", path: "TollerCore.xcframework"),
        .target(name: "Toller", dependencies: ["TollerCore"], resources: [.process("PrivacyInfo.xcprivacy")]),
    ]
)
